"""Radio: file, receiver or network in, `Block`s out."""
