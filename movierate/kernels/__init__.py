"""The hot loops: numba compiles them once per host, and every process loads the machine code."""
