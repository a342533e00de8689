from __future__ import annotations

import gzip
import ipaddress
import time
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.preflight.fetching import Fetcher, Limits, Standing
from core.preflight.network import is_public, permitted
from tests.preflight.site import Site

PRIVATE = ("127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "100.64.0.0/10", "0.0.0.0/8", "224.0.0.0/4")
HIDDEN = (
    *("::1", "::", "::ffff:127.0.0.1", "::ffff:a9fe:a9fe", "::127.0.0.1", "64:ff9b::a00:1", "64:ff9b:1::a00:1", "2002:7f00:1::"),
    *("2002:a00:1::1", "2001:0:4136:e378:8000:63bf:f5ff:fffe", "fe80::1", "fec0::1", "fe80::1%eth0", "fc00::1", "fd00:ec2::254", "ff02::1"),
    *("169.254.169.254", "100.100.100.200", "168.63.129.16", "255.255.255.255", "192.0.0.192", "198.18.0.1", "no address", ""),
)


def test_what_is_there_costs_one_question_about_its_head(site: Site, fetcher: Fetcher) -> None:
    url = site.says("/tea.png", Content_Length="1234", Content_Type="image/png; q=1")

    fetched = fetcher.look([url, url])[url]

    assert (fetched.standing, fetched.size, fetched.kind) == (Standing.THERE, 1234, "image/png")
    assert [one.method for one in site.asked] == ["HEAD"]


@pytest.mark.parametrize(
    ("status", "standing"),
    [
        (404, Standing.GONE),
        (410, Standing.GONE),
        (403, Standing.UNSURE),
        (429, Standing.UNSURE),
        (500, Standing.UNSURE),
        (204, Standing.THERE),
    ],
)
def test_an_answer_says_how_it_stands(site: Site, fetcher: Fetcher, status: int, standing: str) -> None:
    url = site.says("/page", status)

    assert fetcher.look([url])[url].standing == standing


def test_where_only_the_head_is_refused_the_page_is_asked_for(site: Site, fetcher: Fetcher) -> None:
    url = site.says("/page", 200, on_head=405, body=b"hello")

    assert fetcher.look([url])[url].standing is Standing.THERE
    assert [one.method for one in site.asked] == ["HEAD", "GET"]


def test_a_name_is_resolved_by_what_was_given_and_may_not_exist(site: Site, fetcher: Fetcher) -> None:
    site.says("/page")
    here, nowhere = site.url("/page", "shop.test"), "https://nowhere.test/"

    found = fetcher.look([here, nowhere])

    assert (found[here].standing, found[nowhere].standing) == (Standing.THERE, Standing.NO_HOST)
    assert site.asked[0].headers["host"] == f"shop.test:{site.port}"


def test_redirects_are_followed_but_not_for_ever(site: Site, fetcher: Fetcher) -> None:
    site.says("/new")
    once, circle = site.says("/old", 301, Location="/new"), site.says("/circle", 302, Location="/circle")

    found = fetcher.look([once, circle])

    assert (found[once].standing, found[circle].standing) == (Standing.THERE, Standing.UNSURE)
    assert site.paths().count("/circle") == 6


@pytest.mark.parametrize(
    "target",
    [
        *("http://10.0.0.1/", "http://169.254.169.254/latest/meta-data/", "http://[::ffff:10.0.0.1]/", "http://[::1]/"),
        *("http://intranet.test/", "http://both.test/", "https://user:pass@192.168.0.1/"),
    ],
)
def test_nobody_is_led_into_a_private_network(site: Site, fetcher: Fetcher, target: str) -> None:
    led = site.says("/led", 302, Location=target)

    found = fetcher.look([target, led])

    assert {one.standing for one in found.values()} == {Standing.PRIVATE}


def test_another_port_of_the_same_machine_is_refused(site: Site, fetcher: Fetcher) -> None:
    led = site.says("/led", 307, Location=f"http://127.0.0.1:{site.port + 1}/")

    assert fetcher.look([led])[led].standing is Standing.PRIVATE


def test_a_public_host_is_asked_only_at_the_ports_of_the_web() -> None:
    with pytest.raises(OSError, match="private"):
        permitted("8.8.8.8", 22, lambda host: [])
    assert permitted("8.8.8.8", 443, lambda host: []) == ["8.8.8.8"]


def test_a_name_that_changes_its_address_between_two_questions_leads_nowhere_else(site: Site) -> None:
    answers = iter([["127.0.0.1"], ["10.0.0.1"], ["10.0.0.1"]])
    asked: list[str] = []

    def resolve(host: str) -> list[str]:
        asked.append(host)
        return next(answers)

    site.says("/page", on_head=500)
    url = site.url("/page", "rebinding.test")
    found = Fetcher(resolve, also={("127.0.0.1", site.port)}).look([url])

    # Once for each connection: what was looked at is what was connected to.
    assert asked == ["rebinding.test"] * 2
    assert found[url].standing is Standing.PRIVATE
    assert [one.method for one in site.asked] == ["HEAD"]


def test_nothing_is_sent_along_that_tells_who_asks(site: Site, fetcher: Fetcher, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    site.says("/two")
    url = site.says("/one", 302, Location="/two", Set_Cookie="who=you").replace("http://", "http://ann:secret@")

    assert fetcher.look([f"{url}#part"])[f"{url}#part"].standing is Standing.THERE
    assert site.paths() == ["/one", "/two"]
    assert all(not {"cookie", "authorization", "referer"} & one.headers.keys() for one in site.asked)


def test_an_endless_answer_is_left_after_its_beginning(site: Site, fetcher: Fetcher) -> None:
    url = site.floods("/flood")

    assert fetcher.look([url])[url].standing is Standing.THERE


def test_all_of_it_is_over_in_time_whatever_servers_do(site: Site) -> None:
    slow = [site.drips(f"/drip{n}") for n in range(10)]
    limits = Limits(at_once=2, each=0.2, all=0.5)
    began = time.monotonic()

    found = Fetcher(lambda host: [], also={("127.0.0.1", site.port)}, limits=limits).look(slow)

    assert time.monotonic() - began < 2
    assert {one.standing for one in found.values()} == {Standing.UNSURE}
    assert len(found) < 10


def test_a_resolver_that_hangs_holds_nobody_up(site: Site) -> None:
    def resolve(host: str) -> list[str]:
        site.closing.wait(20)
        return []

    began = time.monotonic()
    found = Fetcher(resolve, limits=Limits(all=0.2)).look(["https://slow.test/"])

    assert found == {}
    assert time.monotonic() - began < 2


def test_only_so_many_are_asked_for_and_progress_is_told(site: Site) -> None:
    urls = [site.says(f"/{n}") for n in range(5)]
    told: list[tuple[int, int]] = []

    found = Fetcher(lambda host: [], also={("127.0.0.1", site.port)}, limits=Limits(most=3)).look(urls, lambda *step: told.append(step))

    assert list(found) and set(found) == set(urls[:3])
    assert told == [(1, 3), (2, 3), (3, 3)]


@pytest.mark.parametrize("url", ["http://[::1", "http://a:99999/", "http://\x00/", "https://xn--\ud800/", "http://" + "a" * 300 + "/"])
def test_what_is_no_address_is_no_accident(fetcher: Fetcher, url: str) -> None:
    assert fetcher.look([url])[url].standing is not Standing.THERE


@pytest.mark.parametrize("address", HIDDEN)
def test_an_address_is_private_in_whatever_form(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "1.1.1.1", "2606:4700:4700::1111", "2002:808:808::1"])
def test_what_everybody_reaches_is_public(address: str) -> None:
    assert is_public(address)


@given(network=st.sampled_from(PRIVATE), data=st.data())
def test_no_private_address_gets_through_by_another_spelling(network: str, data: st.DataObject) -> None:
    address = data.draw(st.ip_addresses(network=network))
    number = int(address)
    spellings = [address, ipaddress.IPv6Address(0xFFFF << 32 | number), ipaddress.IPv6Address(0x2002 << 112 | number << 80)]
    spellings += [ipaddress.IPv6Address(number), ipaddress.IPv6Address((0x64FF9B << 96) | number)]

    assert not any(is_public(str(one)) for one in spellings)


@pytest.mark.parametrize("host", ["2130706433", "0x7f000001", "0177.0.0.1", "127.1", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "localhost"])
def test_no_spelling_of_this_machine_leads_to_it(site: Site, host: str) -> None:
    asked: list[str] = []

    def resolve(name: str) -> list[str]:
        asked.append(name)
        return ["127.0.0.1"] if name == "localhost" else []

    url = site.says("/inside").replace("127.0.0.1", host)
    led = site.says("/led", 302, Location=url)
    fetcher = Fetcher(lambda name: ["127.0.0.1"] if name == "shop.test" else resolve(name), also=())

    assert fetcher.look([url])[url].standing in (Standing.PRIVATE, Standing.NO_HOST, Standing.UNSURE)
    shop = led.replace("127.0.0.1", "shop.test")
    assert Fetcher(resolve, also=()).look([shop])[shop].standing is not Standing.THERE
    assert site.asked == []


def test_what_was_packed_to_burst_is_never_unpacked(site: Site, fetcher: Fetcher) -> None:
    packed = gzip.compress(b"\0" * 200_000_000, 9)
    url = site.says("/bomb", 200, on_head=405, body=packed, Content_Encoding="gzip", Content_Type="image/png")
    tracemalloc.start()
    try:
        fetched = fetcher.look([url], None, [url])[url]
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert fetched.standing is Standing.THERE
    assert peak < 20_000_000


def test_an_image_whose_server_does_not_say_how_large_it_is_is_read_so_far(site: Site, fetcher: Fetcher) -> None:
    light, heavy = site.says("/light.png", body=b"x" * 1_000), site.floods("/heavy.png")
    there = site.says("/heavy2.png", body=b"x" * 500_000)

    found = fetcher.look([light, heavy, there], None, [light, there])

    assert (found[light].size, found[light].is_more) == (1_000, False)
    assert found[there].is_more and 400_000 < (found[there].size or 0) < 500_000
    assert found[heavy].size is None  # nobody wanted to know
