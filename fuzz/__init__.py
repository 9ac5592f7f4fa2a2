"""Random input against the parts that meet strangers: nothing but the documented errors may come out."""
