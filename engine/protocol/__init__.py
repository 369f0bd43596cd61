"""One folder of transforms, compiled: a protocol that the pipeline can speak."""

from .call import Call, Encoded
from .compiled import compile_protocol, late_protocol
from .dialect import compile_dialect, late_dialect
from .errors import RequestRejected, UpstreamErrorBody
from .late import amended
from .stream_encoder import StreamEncoder
from .streams import StreamDecoder
from .wire_protocol import WireProtocol

__all__ = [
    "Call",
    "Encoded",
    "RequestRejected",
    "StreamDecoder",
    "StreamEncoder",
    "UpstreamErrorBody",
    "WireProtocol",
    "amended",
    "compile_dialect",
    "compile_protocol",
    "late_dialect",
    "late_protocol",
]
