"""Mandrill, Mailchimp's transactional email."""
