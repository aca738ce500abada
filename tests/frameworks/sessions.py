"""Logins, carts and logouts of a web application that runs as two processes behind a balancer.

The application answers these paths with plain text: `/login?user=NAME`, `/who` with the name or `-`,
`/add?item=NAME`, `/cart` with the items, `/logout`."""

import http.client
import re
import time
from wsgiref.simple_server import WSGIRequestHandler, make_server


class Browser:
    """Sends each request on a connection of its own, and keeps cookies."""

    def __init__(self):
        self.cookies = {}

    def get(self, port, path):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
        try:
            cookies = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
            connection.request("GET", path, headers={"Cookie": cookies} if cookies else {})
            reply = connection.getresponse()
            text = reply.read().decode().strip()
            if reply.status != 200:
                raise RuntimeError(f"{path}: {reply.status} {text[-300:]}")
            for line in reply.headers.get_all("Set-Cookie") or ():
                name, value = re.match(r"\s*([^=]+)=([^;]*)", line).groups()
                self.cookies[name] = value
            return text
        finally:
            connection.close()


def judge(report, servers, count):
    """Follows `count` users from login to logout; each request goes to the other process."""
    users = [User(report, servers if number % 2 else servers[::-1], f"user-{number}")
             for number in range(count)]
    for user in users:
        user.shop()
    # Nobody logs out within a second.
    time.sleep(0.5)
    for user in users:
        user.leave()


class User:
    def __init__(self, report, servers, name):
        self.report, self.name, self.browser = report, name, Browser()
        self.here, self.there = servers

    def expect(self, what, wanted, port, path):
        self.report.equal(what, wanted, lambda: self.browser.get(port, path))

    def shop(self):
        here, there = self.here, self.there
        self.expect("visitor is not logged in", "-", here, "/who")
        self.expect("login is accepted", self.name, there, f"/login?user={self.name}")
        self.expect("user is logged in after login", self.name, here, "/who")
        self.expect("item is put into the cart", "pen", there, "/add?item=pen")
        self.expect("cart has its item", "pen", here, "/cart")
        self.expect("second item is put into the cart", "pen,ink", there, "/add?item=ink")
        self.expect("cart has both items", "pen,ink", here, "/cart")

    def leave(self):
        before = dict(self.browser.cookies)
        self.expect("logout is accepted", "-", self.there, "/logout")
        # A second tab, or a thief, sends the cookie again.
        self.browser.cookies = before
        self.expect("user is logged out after logout", "-", self.here, "/who")


def serve(application):
    """Serves a WSGI application on a free port, which it prints."""
    class Quiet(WSGIRequestHandler):
        # Head and body are two writes; the second one must not wait for the browser's TCP.
        disable_nagle_algorithm = True

        def log_message(self, *_):
            pass

    server = make_server("127.0.0.1", 0, application, handler_class=Quiet)
    print(f"serving on {server.server_port}", flush=True)
    server.serve_forever()


def start_two(start, command):
    """Starts two processes of an application that prints its port; returns the ports."""
    workers = [start(command, name=name) for name in ("first", "second")]
    for worker in workers:
        worker.await_text("serving on ")
    return [int(worker.text().split("serving on ")[1].split()[0]) for worker in workers]


