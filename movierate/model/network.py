"""The Keras stack: embedding, two Conv1D and max-pool pairs, LSTM, Dense.

Padding never reaches the result. The layers below are Keras's own, and besides pass on a mask:
padding has the zero vector, a convolution is zero where it sees no token, and the LSTM skips
steps that saw none. So a short review's rating does not depend on how much padding follows it.
"""

from __future__ import annotations

from typing import Any

import keras
from keras import layers, ops

from movierate.model import shapes
from movierate.text.vocabulary import PADDING


@keras.saving.register_keras_serializable("movierate")
class Stars:
    """The activation of the output: clips ratings to the scale."""

    def __init__(self, low: float, high: float) -> None:
        self.low = low
        self.high = high

    def __call__(self, x: Any) -> Any:
        """Stars of any size to stars within the scale."""
        return ops.clip(x, self.low, self.high)

    def get_config(self) -> dict[str, float]:
        """The constructor's arguments."""
        return {"low": self.low, "high": self.high}

    @classmethod
    def from_config(cls, config: dict[str, float]) -> Stars:
        """The activation that gave the config: Keras asks for it when it loads a model."""
        return cls(**config)


@keras.saving.register_keras_serializable("movierate")
class MaskedEmbedding(layers.Embedding):
    """`Embedding` whose vector for padding is zero."""

    def __init__(self, *args: Any, mask_zero: bool = True, **kwargs: Any) -> None:
        super().__init__(*args, mask_zero=mask_zero, **kwargs)

    def call(self, inputs: Any) -> Any:
        """Ids (n, window) to vectors (n, window, output_dim)."""
        known = ops.expand_dims(ops.cast(ops.not_equal(inputs, PADDING), self.compute_dtype), -1)
        return super().call(inputs) * known


class _Masked:
    """Passes on which positions saw a token; the others become zero."""

    def call(self, inputs: Any, mask: Any = None) -> Any:
        """Floats (n, length, channels) to (n, shorter length, channels)."""
        outputs = super().call(inputs)  # type: ignore[misc]
        if mask is None:
            return outputs
        live = ops.cast(self.compute_mask(inputs, mask), outputs.dtype)
        return outputs * ops.expand_dims(live, -1)

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """The mask (n, length) of the inputs to that of the outputs: true where any was."""
        if mask is None:
            return None
        width, stride = self._reach()
        seen = ops.expand_dims(ops.cast(mask, "float32"), -1)
        seen = ops.max_pool(seen, pool_size=width, strides=stride, padding="valid")
        return ops.greater(ops.squeeze(seen, -1), 0.5)

    def _reach(self) -> tuple[int, int]:
        """Positions that an output sees, and how far apart two outputs begin."""
        raise NotImplementedError


@keras.saving.register_keras_serializable("movierate")
class MaskedConv1D(_Masked, layers.Conv1D):
    """`Conv1D` that is zero at positions where it sees only padding."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.supports_masking = True

    def _reach(self) -> tuple[int, int]:
        return self.kernel_size[0], self.strides[0]


@keras.saving.register_keras_serializable("movierate")
class MaskedMaxPooling1D(_Masked, layers.MaxPooling1D):
    """`MaxPooling1D` that passes on the mask.

    Its inputs follow a ReLU: the zero of a position without tokens never wins.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.supports_masking = True

    def _reach(self) -> tuple[int, int]:
        return self.pool_size[0], self.strides[0]


def build(window: int, vocabulary_size: int, activation: Stars | None = None) -> keras.Sequential:
    """The original stack. Input: ids (n, window) int32. Output: stars (n, 1) float32.

    Args:
        window: tokens that the model reads at most.
        vocabulary_size: ids, padding and unknown included.
        activation: of the output; none while training, so that gradients pass everywhere.

    Raises:
        ValueError: the window is shorter than `shapes.SHORTEST_WINDOW`.
    """
    shapes.lengths(window)
    conv = {"kernel_size": shapes.CONV_WIDTH, "activation": "relu"}
    return keras.Sequential(
        [
            keras.Input(shape=(window,), dtype="int32", name="ids"),
            MaskedEmbedding(vocabulary_size, shapes.EMBEDDING, name="embedding"),
            MaskedConv1D(shapes.CONV1_FILTERS, name="conv1", **conv),
            MaskedMaxPooling1D(shapes.POOL, name="pool1"),
            MaskedConv1D(shapes.CONV2_FILTERS, name="conv2", **conv),
            MaskedMaxPooling1D(shapes.POOL, name="pool2"),
            layers.LSTM(shapes.LSTM_UNITS, name="lstm"),
            layers.Dense(1, activation=activation, name="dense"),
        ],
        name="cnn_lstm",
    )


def get_weights(model: keras.Model) -> dict[str, Any]:
    """The model's weights as NumPy arrays, named ``layer/weight`` as Keras names them."""
    return {
        f"{layer.name}/{variable.name}": variable.numpy()
        for layer in model.layers
        for variable in layer.weights
        if "seed" not in variable.name
    }


def set_weights(model: keras.Model, weights: dict[str, Any]) -> None:
    """Give a model of `build` the weights that `get_weights` took from another."""
    for layer in model.layers:
        for variable in layer.weights:
            if "seed" not in variable.name:
                variable.assign(weights[f"{layer.name}/{variable.name}"])
