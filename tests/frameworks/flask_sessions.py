#!/usr/bin/env python3
"""Flask with Flask-Session: logins, carts and logouts, with the sessions in Redis."""

import sys

import sessions
from support import Report, arguments, workshop


def application(url):
    from flask import Flask, request, session
    from flask_session import Session
    from redis import Redis

    made = Flask("shop")
    made.config.update(SESSION_TYPE="redis", SESSION_REDIS=Redis.from_url(url))
    Session(made)

    @made.get("/who")
    def who():
        return session.get("user", "-")

    @made.get("/login")
    def login():
        session["user"] = request.args["user"]
        session["cart"] = []
        return session["user"]

    @made.get("/add")
    def add():
        session["cart"] = [*session["cart"], request.args["item"]]
        return ",".join(session["cart"])

    @made.get("/cart")
    def cart():
        return ",".join(session["cart"])

    @made.get("/logout")
    def logout():
        session.clear()
        return "-"

    return made


def main():
    if sys.argv[1] == "serve":
        sessions.serve(application(sys.argv[2]))
    options = arguments(__doc__)
    report = Report("Flask-Session", "Flask-Session", "Flask", "redis")
    with workshop() as (_, start):
        servers = sessions.start_two(start, [sys.executable, __file__, "serve", options.url])
        sessions.judge(report, servers, options.count)
    report.print()


if __name__ == "__main__":
    main()
