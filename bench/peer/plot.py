"""A plot as SVG, without packages: lines over logarithmic axes, panels side by side, a legend below.

panels [(title, unit, {name: [(x, y), ...]})] -> svg()"""

import math
from xml.sax.saxutils import escape

WIDTH, HEIGHT, MARGIN_LEFT, MARGIN_TOP, GAP = 400, 320, 70, 40, 40
LEGEND_LINE, LEGEND_COLUMN = 18, 300
# Told apart also by who does not see red and green as different (Okabe, Ito 2008), and three more.
COLOURS = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000", "#999933", "#882255", "#44aa99"]
DASHES = ["", "6 3", "2 3"]


def powers(values):
    """The powers of ten that hold all the values between them."""
    low, high = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
    return low, max(high, low + 1)


def number(power):
    return "{:,}".format(10**power) if power >= 0 else "%g" % 10**power


def panel(left, title, unit, lines, style):
    points = [point for line in lines.values() for point in line]
    x_low, x_high = powers([x for x, _ in points])
    y_low, y_high = powers([y for _, y in points])

    def place(x, y):
        return (
            left + (math.log10(x) - x_low) / (x_high - x_low) * WIDTH,
            MARGIN_TOP + HEIGHT - (math.log10(y) - y_low) / (y_high - y_low) * HEIGHT,
        )

    out = ['<text x="%.1f" y="%d" font-weight="bold">%s</text>' % (left, MARGIN_TOP - 22, escape(title))]
    out.append('<text x="%.1f" y="%d">%s</text>' % (left, MARGIN_TOP - 7, escape(unit)))
    for power in range(y_low, y_high + 1):
        y = place(10**x_low, 10**power)[1]
        out.append('<path d="M%.1f %.1fh%d" stroke="#ddd"/>' % (left, y, WIDTH))
        out.append('<text x="%.1f" y="%.1f" text-anchor="end">%s</text>' % (left - 6, y + 4, number(power)))
    for power in range(x_low, x_high + 1):
        x = place(10**power, 10**y_low)[0]
        out.append('<path d="M%.1f %.1fv%d" stroke="#ddd"/>' % (x, MARGIN_TOP, HEIGHT))
        out.append(
            '<text x="%.1f" y="%d" text-anchor="middle">%s</text>' % (x, MARGIN_TOP + HEIGHT + 16, number(power))
        )
    for name, line in lines.items():
        placed = [place(*point) for point in sorted(line)]
        colour, dash = style[name]
        out.append(
            '<polyline fill="none" stroke="%s" stroke-width="2" stroke-dasharray="%s" points="%s">'
            "<title>%s</title></polyline>"
            % (colour, dash, " ".join("%.1f,%.1f" % point for point in placed), escape(name))
        )
        out.extend('<circle cx="%.1f" cy="%.1f" r="3" fill="%s"/>' % (x, y, colour) for x, y in placed)
    return out


def svg(panels):
    """The plot; panels without points are left out."""
    panels = [
        (title, unit, {name: [p for p in line if p[0] > 0 and p[1] > 0] for name, line in lines.items()})
        for title, unit, lines in panels
    ]
    panels = [
        (title, unit, {name: line for name, line in lines.items() if line})
        for title, unit, lines in panels
        if any(lines.values())
    ]
    names = list(dict.fromkeys(name for _, _, lines in panels for name in lines))
    style = {name: (COLOURS[i % len(COLOURS)], DASHES[i // len(COLOURS) % len(DASHES)]) for i, name in enumerate(names)}
    width = len(panels) * (WIDTH + MARGIN_LEFT + GAP)
    legend_top = MARGIN_TOP + HEIGHT + 48
    columns = max(1, width // LEGEND_COLUMN)
    height = legend_top + LEGEND_LINE * math.ceil(len(names) / columns) + 10
    out = [
        '<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %d %d" font-family="sans-serif" '
        'font-size="12">' % (width, height, width, height),
        '<rect width="100%" height="100%" fill="white"/>',
    ]
    for i, (title, unit, lines) in enumerate(panels):
        out.extend(panel(i * (WIDTH + MARGIN_LEFT + GAP) + MARGIN_LEFT, title, unit, lines, style))
    for i, name in enumerate(names):
        x, y = 20 + i % columns * LEGEND_COLUMN, legend_top + i // columns * LEGEND_LINE
        out.append(
            '<path d="M%d %dh28" stroke="%s" stroke-width="2" stroke-dasharray="%s"/>' % (x, y - 4, *style[name])
        )
        out.append('<text x="%d" y="%d">%s</text>' % (x + 34, y, escape(name)))
    return "\n".join(out + ["</svg>"]) + "\n"
