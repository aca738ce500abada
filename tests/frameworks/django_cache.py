#!/usr/bin/env python3
"""django-redis: what one process puts into the cache, another one reads."""

import django
from django.conf import settings

from support import Report, arguments


def configure(url):
    # django-redis has a pool of connections per URL, so these are two, as two processes have them.
    urls = {name: f"{url}?client_name={name}" for name in ("default", "other")}
    settings.configure(CACHES={
        name: {"BACKEND": "django_redis.cache.RedisCache", "LOCATION": url, "KEY_PREFIX": "app"}
        for name, url in urls.items()})
    django.setup()


def main():
    options = arguments(__doc__)
    configure(options.url)
    from django.core.cache import caches

    report = Report("django-redis", "django-redis", "Django", "redis")
    cache, other = caches["default"], caches["other"]
    for number in range(options.count):
        key, page = f"page-{number}", {"number": number, "html": "x" * 200}
        report.equal("nothing is cached yet", None, lambda: other.get(key))
        cache.set(key, page, 60)
        report.equal("get after set", page, lambda: other.get(key))
        cache.set(key, "new", 60)
        report.equal("get after set again", "new", lambda: other.get(key))
        cache.set(f"hits-{number}", 0, 60)
        for hits in 1, 2:
            report.equal("incr", hits, lambda: cache.incr(f"hits-{number}"))
            report.equal("get after incr", hits, lambda: other.get(f"hits-{number}"))
        report.equal("add", True, lambda: cache.add(f"once-{number}", "mine", 60))
        report.equal("add of what exists", False, lambda: other.add(f"once-{number}", "mine", 60))
        cache.set_many({f"a-{number}": 1, f"b-{number}": 2}, 60)
        report.equal("get_many after set_many", {f"a-{number}": 1, f"b-{number}": 2},
                     lambda: other.get_many([f"a-{number}", f"b-{number}"]))
        report.equal("get_or_set of what exists", 1,
                     lambda: other.get_or_set(f"a-{number}", lambda: "made again", 60))
    for number in range(options.count):
        report.equal("get before delete", "new", lambda: other.get(f"page-{number}"))
        cache.delete(f"page-{number}")
        report.equal("get after delete", None, lambda: other.get(f"page-{number}"))
    report.print()


if __name__ == "__main__":
    main()
