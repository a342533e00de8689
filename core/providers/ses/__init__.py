"""Amazon SES, which reports through Amazon SNS."""
