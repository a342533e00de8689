"""Reading what people upload, whatever its format, into one staged Parquet of text that an import goes on with."""
