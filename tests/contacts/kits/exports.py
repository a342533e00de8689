"""Exports of other tools as they really look, with people nobody is."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Mapping, Sequence

_TAIL = (
    "MEMBER_RATING,OPTIN_TIME,OPTIN_IP,CONFIRM_TIME,CONFIRM_IP,LATITUDE,LONGITUDE,GMTOFF,DSTOFF,TIMEZONE,CC,REGION,"
    "LAST_CHANGED,LEID,EUID,NOTES,TAGS"
)
_HEAD = ["Email Address", "First Name", "Last Name", "Favourite Tea"]
MAILCHIMP_SUBSCRIBED = [*_HEAD, *_TAIL.split(",")]
MAILCHIMP_UNSUBSCRIBED = [
    *_HEAD,
    "UNSUB_TIME",
    "UNSUB_CAMPAIGN_TITLE",
    "UNSUB_CAMPAIGN_ID",
    "UNSUB_REASON",
    "UNSUB_REASON_OTHER",
    *_TAIL.split(","),
]
MAILCHIMP_CLEANED = [*_HEAD, "CLEAN_TIME", "CLEAN_CAMPAIGN_TITLE", "CLEAN_CAMPAIGN_ID", *_TAIL.split(",")]
KLAVIYO = [
    *("Email", "Klaviyo ID", "First Name", "Last Name", "Organization", "Title", "Phone Number", "Address", "Address 2", "City"),
    *("State / Region", "Country", "Zip Code", "Latitude", "Longitude", "Source", "IP Address", "Email Marketing Consent"),
    *("Email Marketing Consent Timestamp", "First Active", "Last Active", "Profile Created On", "Date Added", "Last Open", "Last Click"),
    "Email Suppressions",
]
BREVO = [
    "CONTACT ID",
    "EMAIL",
    "LASTNAME",
    "FIRSTNAME",
    "SMS",
    "CITY",
    "EMAIL_BLACKLISTED",
    "SMS_BLACKLISTED",
    "ADDED_TIME",
    "MODIFIED_TIME",
]
LISTMONK = ["uuid", "email", "name", "attributes", "status", "created_at", "updated_at"]


def written(columns: Sequence[str], rows: Sequence[Mapping[str, str]], separator: str = ",") -> bytes:
    out = io.StringIO()
    writer = csv.DictWriter(out, columns, restval="", delimiter=separator)
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode()


def zipped(files: Mapping[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return out.getvalue()


def mailchimp() -> bytes:
    """Return the archive of an audience, with what people did."""
    ada = {"Email Address": "Ada@Example.com", "First Name": "Ada", "Last Name": "Lovelace", "Favourite Tea": "Assam", "MEMBER_RATING": "4"}
    ada |= {
        "OPTIN_TIME": "2019-03-14 09:12:31",
        "OPTIN_IP": "198.51.100.7",
        "CONFIRM_TIME": "2019-03-14 09:14:00",
        "CONFIRM_IP": "198.51.100.8",
    }
    ada |= {"TIMEZONE": "Europe/London", "CC": "GB", "LEID": "1", "EUID": "a1", "TAGS": '"VIP","Big spender"'}
    linus = {"Email Address": "linus@example.com", "First Name": "Linus", "MEMBER_RATING": "2", "LEID": "2", "EUID": "b2"}
    gone = {
        "Email Address": "gone@example.com",
        "First Name": "Gone",
        "UNSUB_TIME": "2021-05-06 07:08:09",
        "UNSUB_REASON": "NORMAL",
        "TAGS": '"VIP"',
    }
    angry = {"Email Address": "angry@example.com", "UNSUB_TIME": "2022-05-06 07:08:09", "UNSUB_REASON": "Abuse complaint"}
    dead = {"Email Address": "dead@example.com", "CLEAN_TIME": "2020-01-02 03:04:05", "CLEAN_CAMPAIGN_TITLE": "Winter"}
    guest = {"Email Address": "guest@example.com", "First Name": "Guest"}
    opens = [
        {"Timestamp": "2023-01-01 10:00:00", "Email": "ada@example.com"},
        {"Timestamp": "2023-01-02 10:00:00", "Email": "nobody@example.com"},
    ]
    clicks = [{"Timestamp": "2023-01-01 10:01:00", "Email": "ada@example.com", "Url": "https://shop.example.com/tea"}]
    return zipped(
        {
            "subscribed_email_audience_export_0a1b2c.csv": written(MAILCHIMP_SUBSCRIBED, [ada, linus]),
            "unsubscribed_email_audience_export_0a1b2c.csv": written(MAILCHIMP_UNSUBSCRIBED, [gone, angry]),
            "cleaned_email_audience_export_0a1b2c.csv": written(MAILCHIMP_CLEANED, [dead]),
            "nonsubscribed_email_audience_export_0a1b2c.csv": written(MAILCHIMP_SUBSCRIBED, [guest]),
            "granular_activity/opens/4711_winter-news.csv": written(["Timestamp", "Email"], opens),
            "granular_activity/clicks/4711_winter-news.csv": written(["Timestamp", "Email", "Url"], clicks),
            "campaigns_content/4711/winter.html": b"<p>Hello</p>",
        }
    )


def klaviyo() -> bytes:
    same = {"Klaviyo ID": "01H", "City": "Zürich", "Country": "Switzerland", "Source": "Form"}
    ada = {
        "Email": "ada@example.com",
        "First Name": "Ada",
        "Last Name": "Lovelace",
        "Email Marketing Consent": "SUBSCRIBED",
        "IP Address": "203.0.113.9",
    }
    ada |= {
        "Email Marketing Consent Timestamp": "2024-02-03T04:05:06+01:00",
        "Last Open": "2025-06-07 08:09:10",
        "Last Click": "2025-06-01 08:09:10",
    }
    gone = {
        "Email": "gone@example.com",
        "Email Marketing Consent": "UNSUBSCRIBED",
        "Email Marketing Consent Timestamp": "2024-05-01T00:00:00Z",
    }
    guest = {"Email": "guest@example.com", "Email Marketing Consent": "NEVER_SUBSCRIBED"}
    spam = {"Email": "angry@example.com", "Email Marketing Consent": "SUBSCRIBED", "Email Suppressions": "['SPAM_COMPLAINT']"}
    dead = {"Email": "dead@example.com", "Email Marketing Consent": "SUBSCRIBED", "Email Suppressions": "HARD_BOUNCE"}
    return written(KLAVIYO, [same | one for one in (ada, gone, guest, spam, dead)])


def brevo() -> bytes:
    ada = {
        "EMAIL": "ada@example.com",
        "FIRSTNAME": "Ada",
        "LASTNAME": "Lovelace",
        "CITY": "London",
        "EMAIL_BLACKLISTED": "No",
        "ADDED_TIME": "12-04-2022 09:30",
    }
    gone = {"EMAIL": "gone@example.com", "EMAIL_BLACKLISTED": "Yes", "SMS_BLACKLISTED": "No", "ADDED_TIME": "13-04-2022 09:30:00"}
    return written(BREVO, [ada, gone], ";")


def listmonk() -> bytes:
    made = "2024-01-02 15:04:05.123456789 +0000 UTC"
    ada = {"uuid": "u1", "email": "ada@example.com", "name": "Ada King Lovelace", "status": "enabled", "created_at": made}
    ada |= {"attributes": '{"city": "London", "age": 36, "tags": ["vip", "tea"], "address": {"zip": "W1"}}'}
    gone = {"uuid": "u2", "email": "gone@example.com", "name": "Gone", "attributes": "{}", "status": "blocklisted", "created_at": made}
    guest = {"uuid": "u3", "email": "guest@example.com", "name": "", "attributes": "not json", "status": "disabled", "created_at": made}
    return written(LISTMONK, [ada, gone, guest])
