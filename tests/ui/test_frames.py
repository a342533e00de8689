from __future__ import annotations

import time

import pytest

from core.ui.web.frames import POLICY, Framed, Frames, canvas, with_links_in_new_tabs


def test_an_email_is_shown_to_the_session_that_put_it_there_only():
    frames = Frames()
    name = frames.put("token of ada", Framed("<p>Hello</p>"))
    assert frames.get("token of ada", name) == (b"<p>Hello</p>", POLICY)
    assert frames.get("token of eve", name) is None
    assert frames.get("token of ada", "0" * 40) is None


def test_the_same_email_keeps_its_name_so_that_a_rerun_does_not_load_it_again():
    frames = Frames()
    assert frames.put("t", Framed("<p>a</p>")) == frames.put("t", Framed("<p>a</p>")) != frames.put("t", Framed("<p>b</p>"))


def test_what_was_not_looked_at_for_longest_goes_first():
    frames = Frames(kept=2)
    first, second, third = (frames.put("t", Framed(f"<p>{n}</p>")) for n in range(3))
    assert frames.get("t", first) is None
    assert frames.get("t", second)
    assert frames.get("t", third)


def test_who_looks_at_very_many_emails_takes_none_from_others():
    frames = Frames()
    mine = frames.put("token of ada", Framed("<p>Hello</p>"))
    last = [frames.put("token of eve", Framed(f"<p>{number}</p>")) for number in range(200)][-1]
    assert frames.get("token of ada", mine) and frames.get("token of eve", last)


def test_large_emails_are_kept_as_far_as_there_is_room():
    frames = Frames(kept=100, room=10_000)
    names = [frames.put("t", Framed(f"<p>{number}</p>{'x' * 3_000}")) for number in range(5)]
    assert [frames.get("t", name) is not None for name in names] == [False, False, True, True, True]
    huge = frames.put("t", Framed("x" * 20_000))
    assert frames.get("t", huge)


@pytest.mark.parametrize(
    ("html", "start"),
    [
        ("<!doctype html><html><head><title>x</title>", '<!doctype html><html><head><base target="_blank"><title>'),
        ("<!DOCTYPE html>\n<html lang='de'>\n<head dir=ltr>x", "<!DOCTYPE html>\n<html lang='de'>\n<head dir=ltr><base"),
        ("<!doctype html><p>x", '<!doctype html><base target="_blank"><p>'),
        ("<html><body>x", '<html><base target="_blank"><body>'),
        ("<p>x", '<base target="_blank"><p>'),
        ("<header>x", '<base target="_blank"><header>'),
        ("<!-- a --><!doctype html><!-- b --><html><head>x", '<!-- a --><!doctype html><!-- b --><html><head><base target="_blank">x'),
    ],
)
def test_links_open_in_new_tabs_and_the_doctype_stays_in_front(html: str, start: str):
    assert with_links_in_new_tabs(html).startswith(start)


def test_an_email_made_of_beginnings_does_not_stop_the_app():
    begun = time.process_time()
    shown = with_links_in_new_tabs(f'<!doctype html><html lang="{"<html " * 60_000}"><head></head><p>Hello</p></html>')
    assert '<head><base target="_blank"></head>' in shown
    assert time.process_time() - begun < 5


def test_the_script_of_the_editor_has_another_number_in_each_frame():
    first, second = canvas(), canvas()
    assert first.policy != second.policy
    assert first.html != second.html
