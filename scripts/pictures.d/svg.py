"""Writes SVG: shapes and text in colours that follow the reader's light or dark mode."""

from html import escape

STYLE = """\
text { font: 13px system-ui, -apple-system, "Segoe UI", "DejaVu Sans", sans-serif; fill: #1f2328; }
.title { font-size: 15px; font-weight: 600; }
.strong { font-weight: 600; }
.small { font-size: 11.5px; }
.quiet { fill: #59636e; }
.page { fill: #ffffff; stroke: #d1d9e0; }
.box { fill: #f6f8fa; stroke: #818b98; }
.frame { fill: #eef5fd; stroke: #0969da; stroke-width: 1.5; }
.part { fill: #ffffff; stroke: #0969da; }
.own { fill: #0969da; }
.own-2 { fill: #54aeff; }
.peer { fill: #9aa4ae; }
.line { fill: none; stroke: #424a53; stroke-width: 1.5; }
.own-line { fill: none; stroke: #0969da; stroke-width: 2; }
.warm-line { fill: none; stroke: #bc4c00; stroke-width: 2; }
.warm { fill: #bc4c00; }
.limit { fill: none; stroke: #cf222e; stroke-width: 1.5; stroke-dasharray: 6 4; }
.grid { fill: none; stroke: #d1d9e0; }
.axis { fill: none; stroke: #818b98; }
.shade { fill: #ddf4ff; }
.dashed { stroke-dasharray: 6 4; }
.dotted { stroke-dasharray: 2 4; }
.head { fill: #424a53; }
@media (prefers-color-scheme: dark) {
text { fill: #e6edf3; }
.quiet { fill: #9198a1; }
.page { fill: #0d1117; stroke: #3d444d; }
.box { fill: #161b22; stroke: #818b98; }
.frame { fill: #0c1a2b; stroke: #4493f8; }
.part { fill: #0d1117; stroke: #4493f8; }
.own { fill: #4493f8; }
.own-2 { fill: #1f6feb; }
.peer { fill: #656c76; }
.line { stroke: #b7bdc8; }
.own-line { stroke: #4493f8; }
.warm-line { stroke: #f0883e; }
.warm { fill: #f0883e; }
.limit { stroke: #ff7b72; }
.grid { stroke: #2a313c; }
.axis { stroke: #818b98; }
.shade { fill: #0c2d48; }
.head { fill: #b7bdc8; }
}
"""


def number(value):
    """A coordinate, as short as possible: the same on every machine."""
    return f"{value:.1f}".rstrip("0").rstrip(".")


class Picture:
    """Shapes in the order in which they are drawn; `text()` is the SVG file."""

    def __init__(self, width, height, title, description):
        self.size = (width, height)
        self.title, self.description = title, description
        self.shapes = []
        self.rect(0.5, 0.5, width - 1, height - 1, "page", radius=6)

    def add(self, name, inside=None, **attributes):
        pairs = []
        for key, value in attributes.items():
            value = number(value) if isinstance(value, (int, float)) else escape(value)
            pairs.append(f' {key.rstrip("_").replace("_", "-")}="{value}"')
        end = "/>" if inside is None else f">{escape(inside)}</{name}>"
        self.shapes.append(f"<{name}{''.join(pairs)}{end}")

    def rect(self, x, y, width, height, style, radius=4):
        self.add("rect", class_=style, x=x, y=y, width=width, height=height, rx=radius)

    def words(self, x, y, text, style="", anchor="start"):
        self.add("text", text, class_=style, x=x, y=y, text_anchor=anchor)

    def path(self, points, style, arrow=False):
        """A line through `points`, with an arrow head at its end if wanted."""
        steps = " ".join(f"{number(x)},{number(y)}" for x, y in points)
        marker = {"marker_end": "url(#arrow)"} if arrow else {}
        self.add("polyline", class_=style, points=steps, **marker)

    def text(self):
        width, height = self.size
        head = (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
                f'width="{width}" height="{height}" role="img" aria-labelledby="title desc">')
        arrow = ('<marker id="arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" '
                 'markerHeight="8" markerUnits="userSpaceOnUse" orient="auto">'
                 '<path class="head" d="M0 0L8 4L0 8z"/></marker>')
        parts = [head, f'<title id="title">{escape(self.title)}</title>',
                 f'<desc id="desc">{escape(self.description)}</desc>',
                 f"<style>\n{STYLE}</style>", f"<defs>{arrow}</defs>", *self.shapes, "</svg>"]
        return "\n".join(parts) + "\n"
