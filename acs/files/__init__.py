"""The file server on the CWMP listener: files out to devices, uploads in."""
