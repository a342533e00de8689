"""Reading what people upload, whatever its format, into one staged Parquet of text that an import goes on with."""

from core.contacts.files.encodings import Encoding
from core.contacts.files.staging import Staged, stage
from core.contacts.files.tables import Broken, column_key

__all__ = ["Broken", "Encoding", "Staged", "column_key", "stage"]
