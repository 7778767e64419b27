"""A browser with somebody in it: signs in at the page with this URL, and carries the answer on."""

import sys
from html.parser import HTMLParser

import requests

# Who signs in, as `azid emulate` knows them.
SOMEBODY = {"username": "someone@emulated.onmicrosoft.com", "password": "emulated pass+word/with=odd&chars%"}


class Form(HTMLParser):
    """The form of a page: where it goes, and what is filled in."""

    def __init__(self, page):
        super().__init__()
        self.action, self.fields = None, {}
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        if tag == "form":
            self.action = attrs["action"]
        if tag == "input" and "name" in attrs:
            self.fields[attrs["name"]] = attrs.get("value", "")


def sign_in(url, **fields):
    """Fills in the form of the page at this URL; the page that comes of it."""
    page = requests.post(url, data={"action": "sign-in", **SOMEBODY, **fields}, timeout=30)
    page.raise_for_status()
    return page.text


def visit(url):
    form = Form(sign_in(url))
    requests.post(form.action, data=form.fields, timeout=30).raise_for_status()


if __name__ == "__main__":
    visit(sys.argv[1])
