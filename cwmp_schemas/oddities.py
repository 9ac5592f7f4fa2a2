"""What was tolerated while reading a message, so that it can be counted and shown."""

from enum import Enum


class Oddity(Enum):
    """One way in which a device departs from the standard and is understood all the same."""

    MISSING_ID = "no cwmp:ID in the header"
    MISSING_FIELD = "an element the schema requires is missing"
    UNKNOWN_ELEMENT = "an element the schema does not know was skipped"
    UNEXPECTED_NAME = "an element under another name or prefix than the schema's"
    ARRAY_COUNT = "arrayType with a wrong count"
    MISSING_TYPE = "a value without xsi:type, taken as string"
    UNKNOWN_TYPE = "an unknown or misspelt type"
    MISSING_VALUE = "a parameter without a Value, taken as empty"
    EMPTY_NAME = "a parameter with an empty Name, dropped"
    FOLDED_TEXT = "line breaks inside a name"
    BAD_NUMBER = "a number that cannot be read"
    BAD_BOOLEAN = "a boolean that cannot be read"
    BAD_TIME = "a dateTime that cannot be read, taken as unknown"
    TIME_WITHOUT_ZONE = "a dateTime without a zone, taken as UTC"
    BAD_BASE64 = "base64 that cannot be read"
    UNKNOWN_NAMESPACE = "no SOAP 1.1 or no CWMP namespace of version 1"
    REPEATED_ELEMENT = "an element twice; the last one counts"
    BARE_FAULT = "fault fields outside a SOAP fault"
    FAULT_WITHOUT_DETAIL = "a SOAP fault without a CWMP fault in its detail"
    ENCODING = "bytes that are not in the declared encoding"
    CONTROL_CHARACTER = "characters that XML forbids"
    RAW_AMPERSAND = "an unescaped ampersand"
    STRAY_BYTES = "bytes before or after the envelope"
    SEVERAL_ENVELOPES = "more than one envelope; the first was taken"
    UNDECLARED_PREFIX = "a namespace prefix that is not declared"
