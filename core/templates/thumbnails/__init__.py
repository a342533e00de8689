"""The small pictures of templates."""
