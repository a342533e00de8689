"""What it all came to: reports from the lake, always human first, with machines shown beside."""
