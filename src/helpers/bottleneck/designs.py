"""The two designs as sizes of a stack of equal blocks, and real models of these sizes."""

from dataclasses import dataclass, replace
from typing import Any

from ..language import say


@dataclass(frozen=True)
class StackDesign:
    """A stack of equal blocks; with n_encoder = 0 it is decoder-only.

    n_kv_heads: fewer than n_heads with GQA   mlp_matrices: 2, or 3 where the MLP is gated
    is_merged: self- and cross-attention are one, with one set of matrices (T5Gemma 2)
    Weights are those of matrices: no biases, norms or position tables (below 1 % of a block).
    """

    name: str
    n_encoder: int
    n_decoder: int
    d_model: int
    n_heads: int
    n_kv_heads: int
    head_dim: int
    d_ff: int
    mlp_matrices: int
    vocab_size: int
    is_merged: bool = False

    @property
    def is_encoder_decoder(self) -> bool:
        """Tell whether the design has an encoder."""
        return self.n_encoder > 0

    @property
    def q_and_o(self) -> int:
        """Weights of W^Q and W^O of one attention."""
        return 2 * self.d_model * self.n_heads * self.head_dim

    @property
    def k_and_v(self) -> int:
        """Weights of W^K and W^V of one attention."""
        return 2 * self.d_model * self.n_kv_heads * self.head_dim

    @property
    def mlp(self) -> int:
        """Weights of the MLP of one block."""
        return self.mlp_matrices * self.d_model * self.d_ff

    @property
    def block(self) -> int:
        """Weights of one block: attention and MLP."""
        return self.q_and_o + self.k_and_v + self.mlp

    @property
    def has_cross_attention(self) -> bool:
        """Tell whether the decoder's blocks have an attention of its own for the document."""
        return self.is_encoder_decoder and not self.is_merged

    @property
    def decoder_weights(self) -> int:
        """Weights of all decoder blocks, with the cross-attentions of an encoder-decoder."""
        cross = self.q_and_o + self.k_and_v if self.has_cross_attention else 0
        return self.n_decoder * (self.block + cross)

    @property
    def writing_weights(self) -> int:
        """Weights of the blocks that one more token needs.

        W^K and W^V of the cross-attentions are not among them: their products with the
        document are in the cache.
        """
        kept = self.k_and_v if self.has_cross_attention else 0
        return self.decoder_weights - self.n_decoder * kept

    @property
    def reading_weights(self) -> int:
        """Weights of the blocks that reading a document needs.

        Decoder-only: all blocks.  Encoder-decoder: the encoder, and W^K and W^V of the
        cross-attentions, or of the merged ones.
        """
        if not self.is_encoder_decoder:
            return self.decoder_weights
        return self.n_encoder * self.block + self.n_decoder * self.k_and_v

    @property
    def weights(self) -> int:
        """Weights of all blocks, without embedding and output matrix."""
        return self.n_encoder * self.block + self.decoder_weights

    @property
    def head(self) -> int:
        """Weights of the output matrix."""
        return self.d_model * self.vocab_size


def plain(
    name: str, n_encoder: int, n_decoder: int, d_model: int = 96, n_heads: int = 6
) -> StackDesign:
    """Make a design of the blocks of GPT-2 and BART.

    4 d² of attention, 8 d² of MLP, every head with keys of its own.
    """
    sizes = (d_model, n_heads, n_heads, d_model // n_heads, 4 * d_model, 2, 320)
    return StackDesign(name, n_encoder, n_decoder, *sizes)


def merged(design: StackDesign) -> StackDesign:
    """Return the encoder-decoder with self- and cross-attention merged, as T5Gemma 2 has them."""
    return replace(design, is_merged=True)


def build(
    design: StackDesign, longest: int = 2_048, attention: str = "eager", device: str = "cpu"
) -> Any:
    """Build the design as a real model of transformers with random weights: GPT-2 or BART.

    ValueError for a design whose blocks are not theirs.
    """
    if design != plain(
        design.name, design.n_encoder, design.n_decoder, design.d_model, design.n_heads
    ):
        raise ValueError(say.text("bottleneck", "not_plain", name=design.name))
    import torch  # the formulas need none

    torch.manual_seed(0)
    with torch.device(device):
        made = _bart(design, longest) if design.is_encoder_decoder else _gpt2(design, longest)
    made.set_attn_implementation(attention)
    return made.eval()


def _gpt2(design: StackDesign, longest: int) -> Any:
    from transformers import GPT2Config, GPT2LMHeadModel

    return GPT2LMHeadModel(
        GPT2Config(
            vocab_size=design.vocab_size,
            n_positions=longest,
            n_embd=design.d_model,
            n_layer=design.n_decoder,
            n_head=design.n_heads,
            n_inner=design.d_ff,
            activation_function="gelu",  # as BART: one operator, not eight
            bos_token_id=0,
            eos_token_id=2,
        )
    )


def _bart(design: StackDesign, longest: int) -> Any:
    from transformers import BartConfig, BartForConditionalGeneration

    return BartForConditionalGeneration(
        BartConfig(
            vocab_size=design.vocab_size,
            max_position_embeddings=longest,
            d_model=design.d_model,
            encoder_layers=design.n_encoder,
            decoder_layers=design.n_decoder,
            encoder_attention_heads=design.n_heads,
            decoder_attention_heads=design.n_heads,
            encoder_ffn_dim=design.d_ff,
            decoder_ffn_dim=design.d_ff,
            decoder_start_token_id=2,
        )
    )


def of(config: Any) -> StackDesign:
    """Read the design from a config of READERS' families, if every layer sees all tokens.

    ValueError for another family, for a layer that sees only its neighbours, and for an encoder
    whose blocks are not those of the decoder.
    """
    kind = config.model_type
    if kind not in READERS:
        raise ValueError(say.text("bottleneck", "no_design", got=kind, known=", ".join(READERS)))
    _refuse_sliding(config)
    _refuse_unequal(config)
    found = StackDesign(config.name_or_path or kind, *READERS[kind](config))
    return merged(found) if kind in MERGED else found


def _refuse_sliding(config: Any) -> None:
    stacks = _stacks(config) if config.model_type in TWO_CONFIGS else (config,)
    kinds = {kind for stack in stacks for kind in getattr(stack, "layer_types", None) or ()}
    if others := ", ".join(sorted(kinds - {"full_attention"})):
        message = say.text("bottleneck", "sees_not_all", model=config.model_type, got=others)
        raise ValueError(message)


def _refuse_unequal(config: Any) -> None:
    for name, (encoder, decoder) in _sizes_of_both(config).items():
        if encoder != decoder:
            message = say.text(
                "bottleneck",
                "unequal_blocks",
                model=config.model_type,
                size=name,
                encoder=encoder,
                decoder=decoder,
            )
            raise ValueError(message)


def _sizes_of_both(c: Any) -> dict[str, tuple[int, int]]:
    """Return {size: (the encoder's, the decoder's)} of what a design has once, a config twice."""
    if c.model_type == "bart":
        return {"ffn_dim": (c.encoder_ffn_dim, c.decoder_ffn_dim)}
    if c.model_type in TWO_CONFIGS:
        encoder, decoder = _stacks(c)
        return {size: (getattr(encoder, size), getattr(decoder, size)) for size in GEMMA_SIZES}
    return {}


def _stacks(c: Any) -> tuple[Any, Any]:
    """Return the configs of the encoder's text part and of the decoder."""
    return getattr(c.encoder, "text_config", c.encoder), c.decoder


def _of_gpt2(c: Any) -> tuple:
    head_dim = c.n_embd // c.n_head
    return (
        0,
        c.n_layer,
        c.n_embd,
        c.n_head,
        c.n_head,
        head_dim,
        c.n_inner or 4 * c.n_embd,
        2,
        c.vocab_size,
    )


def _of_llama(c: Any) -> tuple:
    head_dim = getattr(c, "head_dim", None) or c.hidden_size // c.num_attention_heads
    heads = c.num_attention_heads, c.num_key_value_heads, head_dim
    return 0, c.num_hidden_layers, c.hidden_size, *heads, c.intermediate_size, 3, c.vocab_size


def _of_bart(c: Any) -> tuple:
    heads = c.decoder_attention_heads
    sizes = (c.d_model, heads, heads, c.d_model // heads, c.decoder_ffn_dim, 2, c.vocab_size)
    return c.encoder_layers, c.decoder_layers, *sizes


def _of_t5(c: Any) -> tuple:
    matrices = 3 if c.is_gated_act else 2
    sizes = (c.d_model, c.num_heads, c.num_heads, c.d_kv, c.d_ff, matrices, c.vocab_size)
    return c.num_layers, c.num_decoder_layers, *sizes


def _of_t5gemma(c: Any) -> tuple:
    d = c.decoder
    heads = d.num_attention_heads, d.num_key_value_heads, d.head_dim
    sizes = (d.hidden_size, *heads, d.intermediate_size, 3, d.vocab_size)
    return _stacks(c)[0].num_hidden_layers, d.num_hidden_layers, *sizes


GEMMA_SIZES = (
    "hidden_size",
    "num_attention_heads",
    "num_key_value_heads",
    "head_dim",
    "intermediate_size",
)
READERS = {
    "gpt2": _of_gpt2,
    "llama": _of_llama,
    "bart": _of_bart,
    "t5": _of_t5,
    "t5gemma": _of_t5gemma,
    "t5gemma2": _of_t5gemma,
}
TWO_CONFIGS = ("t5gemma", "t5gemma2")
MERGED = ("t5gemma2",)
