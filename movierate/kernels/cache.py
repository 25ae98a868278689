"""Machine code of the hot loops: compiled once per kind of host, loaded by every process.

numba's own cache would give the same throughput (0.99 of it). But it costs each Python worker
1.1 s more and 70 MB, because it imports numba. And it is keyed by the path and the time of the
source, so that an executor with a new local directory compiles for 14 s
(`python benchmarks/kernels.py --reviews PARQUET`). Here the Spark driver sends the machine code
along with the model, and a worker loads it with llvmlite alone. A worker on another kind of
processor compiles its own.

The code is named by the processor, the versions of what made it, and the source of all of
movierate that the kernels import.
"""

from __future__ import annotations

import ctypes
import hashlib
import json
import os
import re
import stat
import sys
import tempfile
import unicodedata
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

from movierate.files import replace_file

CACHE = "MOVIERATE_CACHE"
"""The environment variable that names a directory for compiled code."""

C_FUNCTIONS = ("memcpy", "memmove", "memset")
"""What LLVM may call by itself, and all that our code does."""

PACKAGE_PARENT = Path(__file__).parents[2]
"""The directory of the package. What is cached is named by the source in it."""


@dataclass(frozen=True)
class Code:
    """Compiled kernels."""

    key: str
    """Names what they were compiled from and for."""

    signatures: Mapping[str, Sequence[str]]
    """The types of each kernel's arguments, as numba writes them."""

    objects: bytes
    """An object file in the host's own format."""


class Kernels:
    """Compiled functions, by name: ``kernels.scan(...)``."""

    def __init__(self, code: Code) -> None:
        """Load the code into this process."""
        self._engine = _engine(code.objects)  # the functions live as long as it does
        for name, types in code.signatures.items():
            setattr(self, name, _Kernel(name, self._engine.get_function_address(name), types))

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(f"no kernel {name}")


class _Kernel:
    """A compiled function; checks its arguments, since a wrong one would corrupt memory."""

    def __init__(self, name: str, address: int, types: Sequence[str]) -> None:
        self._name = name
        self._types = [_parsed(type) for type in types]
        # As numba passes them: where the result goes, where an exception would go, and for an
        # array owner, parent, size, item size, data, shape and strides; all as large as a pointer.
        words = 2 + sum(5 + 2 * dimensions if dimensions else 1 for _, dimensions in self._types)
        self._function = ctypes.CFUNCTYPE(ctypes.c_int32, *[ctypes.c_int64] * words)(address)

    def __call__(self, *arguments: Any) -> int:
        result, error = ctypes.c_int64(), ctypes.c_int64()
        words = [ctypes.addressof(result), ctypes.addressof(error)]
        for argument, (dtype, dimensions) in zip(arguments, self._types, strict=True):
            if not dimensions:
                words.append(int(argument))
                continue
            if (
                argument.dtype != dtype
                or argument.ndim != dimensions
                or not argument.flags.c_contiguous
            ):
                raise TypeError(f"{self._name}: not a contiguous {dimensions}-d array of {dtype}")
            words += (0, 0, argument.size, argument.itemsize, argument.ctypes.data)
            words += (*argument.shape, *argument.strides)
        status = self._function(*words)
        if status:
            raise RuntimeError(f"{self._name} failed with status {status}")
        return result.value


def _parsed(type: str) -> tuple[str, int]:
    """``int32[:, ::1]`` to its dtype and its dimensions; 0 for a number."""
    name, _, dimensions = type.partition("[")
    return name, dimensions.count(",") + 1 if dimensions else 0


@cache
def kernels() -> Kernels:
    """The kernels of this host, loaded once; compiled if nobody has before."""
    return Kernels(host_code())


def host_code(given: Code | None = None, directories: Sequence[str | Path] = ()) -> Code:
    """The code for this host.

    Args:
        given: code made elsewhere; returned if it suits this host.
        directories: where to look for it and keep it, beside the user's own cache.
    """
    key = host_key()
    if given is not None and given.key == key:
        return given
    for directory in (*directories, *_caches()):
        try:
            return _kept(Path(directory), key)
        except OSError:
            continue  # can't be written to: a read-only home, a full disk
    return compile_code(key)


@cache
def host_key() -> str:
    """Names code for this processor, by these versions, from this source."""
    import llvmlite.binding as llvm

    features = llvm.get_host_cpu_features().flatten()
    parts = (
        *(sys.platform, llvm.get_process_triple(), llvm.get_host_cpu_name(), features),
        *(version("numba"), version("llvmlite"), version("numpy"), unicodedata.unidata_version),
        source_digest(__name__),
    )
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:32]


@cache
def source_digest(module: str) -> str:
    """The SHA-256 of a module's source and of all of movierate that it imports, at any depth.

    A constant that changes anywhere changes it, so what is cached under it is never stale.
    """
    digest = hashlib.sha256()
    for name, source in sorted(_sources(module).items()):
        digest.update(f"{name} {len(source)}\n".encode() + source)
    return digest.hexdigest()


_IMPORT = re.compile(
    r"^\s*(?:from|import) +(movierate[\w.]*)(?: +import +([^(\n]+|\([^)]*\)))?", re.MULTILINE
)


def _sources(module: str) -> dict[str, bytes]:
    """The source of a module and of those that it imports, by their names."""
    found: dict[str, bytes] = {}
    names = [module]
    while names:
        name = names.pop()
        path = PACKAGE_PARENT.joinpath(*name.split("."))
        path = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
        if name in found or not path.is_file():  # not a module, but something within one
            continue
        found[name] = path.read_bytes()
        for parent, members in _IMPORT.findall(found[name].decode()):
            names += [parent, *(f"{parent}.{member}" for member in re.findall(r"\w+", members))]
    return found


def compile_code(key: str) -> Code:
    """Compile all kernels for this host; takes some seconds, and imports numba."""
    import llvmlite.binding as llvm
    import numba

    # numba would optimize each function for itself and all of them again: once, here, is enough.
    numba.config.OPT = type(numba.config.OPT)(0)
    from movierate.kernels import network, scan

    signatures = {}
    module = llvm.parse_assembly("")
    for function, signature in {**network.KERNELS, **scan.KERNELS}.items():
        function.compile(signature)
        (compiled,) = function.overloads.values()
        part = llvm.parse_assembly(compiled.library.get_llvm_str())
        part.get_function(compiled.fndesc.llvm_func_name).name = function.__name__
        module.link_in(part)
        types = re.fullmatch(r"int64\((.*)\)", signature)
        signatures[function.__name__] = re.findall(r"\w+(?:\[[^]]*\])?", types[1] if types else "")
    _optimize(module, signatures)
    return Code(key, signatures, _machine().emit_object(module))


def _optimize(module: Any, names: Container[str]) -> None:
    """Optimize the named functions, and drop all that they don't call.

    What numba adds for Python refers to numba's own runtime, which is not there where we load.
    """
    import llvmlite.binding as llvm

    for function in module.functions:
        if not function.is_declaration and function.name not in names:
            function.linkage = "internal"
    for variable in module.global_variables:
        if not variable.is_declaration:
            variable.linkage = "internal"
    options = llvm.create_pipeline_tuning_options(speed_level=3)
    options.loop_vectorization = options.slp_vectorization = True
    builder = llvm.create_pass_builder(_machine(), options)
    unused = llvm.create_new_module_pass_manager()
    unused.add_global_dead_code_eliminate_pass()
    unused.run(module, builder)
    builder.getModulePassManager().run(module, builder)
    missing = [
        function.name
        for function in module.functions
        if function.is_declaration
        and not function.name.startswith("llvm.")
        and function.name not in C_FUNCTIONS
    ]
    if missing:
        raise AssertionError(f"compiled code calls {', '.join(missing)}")


def _machine() -> Any:
    import llvmlite.binding as llvm

    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    target = llvm.Target.from_triple(llvm.get_process_triple())
    return target.create_target_machine(
        cpu=llvm.get_host_cpu_name(),
        features=llvm.get_host_cpu_features().flatten(),
        opt=3,
        reloc="static",
        codemodel="large",
        jit=True,
    )


def _engine(objects: bytes) -> Any:
    import llvmlite.binding as llvm

    c_library = ctypes.CDLL(None)
    for name in C_FUNCTIONS:
        address = ctypes.cast(getattr(c_library, name), ctypes.c_void_p).value
        llvm.add_symbol(name, address)
    engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), _machine())
    engine.add_object_file(llvm.ObjectFileRef.from_data(objects))
    engine.finalize_object()
    return engine


def _caches() -> Iterator[Path]:
    """Directories of this user's that may outlive the process, the best first."""
    if CACHE in os.environ:
        yield Path(os.environ[CACHE])
        return
    home = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    yield Path(home) / "movierate"
    yield Path(tempfile.gettempdir()) / f"movierate-{os.getuid()}"


def _kept(directory: Path, key: str) -> Code:
    """The code of a directory, put there if it is not.

    Raises:
        OSError: the directory can't be used.
    """
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    owner = directory.stat()
    if owner.st_uid != os.getuid() or owner.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise PermissionError(f"{directory} is writable by other users: code in it is not trusted")
    path = directory / f"kernels-{key}.o"
    code = _read(path, key)
    if code is None:
        from filelock import FileLock  # 50 ms, which most processes save

        with FileLock(directory / f"kernels-{key}.lock"):  # of many processes, one compiles
            code = _read(path, key)
            if code is None:
                code = compile_code(key)
                replace_file(path, _packed(code))
    return code


def _packed(code: Code) -> bytes:
    head = json.dumps({"key": code.key, "signatures": code.signatures}).encode() + b"\n"
    body = head + code.objects
    return hashlib.sha256(body).digest() + body


def _read(path: Path, key: str) -> Code | None:
    """The code in a file; None if there is none, or it is damaged."""
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return None
    digest, body = data[:32], data[32:]
    if hashlib.sha256(body).digest() != digest:
        return None
    head, _, objects = body.partition(b"\n")
    return Code(key, json.loads(head)["signatures"], objects)
