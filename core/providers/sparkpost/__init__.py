"""SparkPost, also known as Bird."""
