"""The small HTTP process that mail clients and recipients reach: opens, clicks, unsubscribes, conversions, health.

It knows only the journal, the signed links and what it takes to show a message again; everything else happens later,
in the ingester. So it starts at once, stays small, and goes on while the database is down.
"""
