#!/usr/bin/env python3
"""Django with its own Redis cache as session store: logins, carts and logouts."""

import sys
from pathlib import Path

import django
from django.conf import settings

import sessions
from support import Report, arguments, workshop


def configure(url, folder):
    settings.configure(
        SECRET_KEY="of a test", ALLOWED_HOSTS=["127.0.0.1"], ROOT_URLCONF=__name__,
        INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes",
                        "django.contrib.sessions"],
        MIDDLEWARE=["django.contrib.sessions.middleware.SessionMiddleware",
                    "django.contrib.auth.middleware.AuthenticationMiddleware"],
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3",
                               "NAME": str(Path(folder) / "users")}},
        DEFAULT_AUTO_FIELD="django.db.models.AutoField",
        PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],
        CACHES={"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache",
                            "LOCATION": url}},
        SESSION_ENGINE="django.contrib.sessions.backends.cache")
    django.setup()


def paths():
    from django.contrib import auth
    from django.http import HttpResponse
    from django.urls import path

    def who(request):
        return HttpResponse(request.user.get_username() or "-")

    def login(request):
        user = auth.authenticate(request, username=request.GET["user"], password="secret")
        auth.login(request, user)
        request.session["cart"] = []
        return HttpResponse(user.get_username())

    def add(request):
        request.session["cart"] = [*request.session["cart"], request.GET["item"]]
        return cart(request)

    def cart(request):
        return HttpResponse(",".join(request.session["cart"]))

    def logout(request):
        auth.logout(request)
        return who(request)

    return [path(view.__name__, view) for view in (who, login, add, cart, logout)]


def serve(url, folder):
    from django.core.wsgi import get_wsgi_application

    configure(url, folder)
    global urlpatterns
    urlpatterns = paths()
    sessions.serve(get_wsgi_application())


def create_users(count):
    from django.contrib.auth.models import User
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    for number in range(count):
        User.objects.create_user(f"user-{number}", password="secret")


def main():
    if sys.argv[1] == "serve":
        serve(*sys.argv[2:])
    options = arguments(__doc__)
    report = Report("Django sessions", "Django", "redis")
    with workshop() as (folder, start):
        configure(options.url, folder)
        create_users(options.count)
        servers = sessions.start_two(start, [sys.executable, __file__, "serve", options.url, folder])
        sessions.judge(report, servers, options.count)
    report.print()


if __name__ == "__main__":
    main()
