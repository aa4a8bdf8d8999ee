"""Media files to sound and pictures, in this process (`decode_clip`) or in workers that may die (`DecoderPool`)."""

from resources.media.decode import decode_clip
from resources.media.pool import DecodeRequest, DecoderPool, PreparedClip, prepare_clip
from resources.media.types import DecodedClip, KeyFrame, MediaSettings

__all__ = [
    "DecodeRequest",
    "DecodedClip",
    "DecoderPool",
    "KeyFrame",
    "MediaSettings",
    "PreparedClip",
    "decode_clip",
    "prepare_clip",
]
