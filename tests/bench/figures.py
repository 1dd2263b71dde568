"""The table of figures: rows with a reference, the ratio to it, a goal and notes."""

import statistics

median = statistics.median


def text(value):
    """Three significant digits or more, with separators for thousands."""
    if value >= 1000:
        return f"{value:,.0f}"
    if value >= 100:
        return f"{value:.0f}"
    return f"{value:.3g}"


class Table:
    def __init__(self):
        self.rows, self.remarks = [], []

    def add(self, what, value, unit, reference=None, goal=None, lower=False, note=""):
        """`lower`: the smaller, the better."""
        sign = "≤" if lower else "≥"
        ratio = "" if reference is None else f"{(reference / value if lower else value / reference):.1f} x"
        row = (what, f"{text(value)} {unit}", "" if reference is None else f"{text(reference)} {unit}", ratio,
               "" if goal is None else f"{sign} {text(goal)} {unit}",
               "" if goal is None else ("yes" if (value <= goal if lower else value >= goal) else "NO"), note)
        self.rows.append(row)
        shown = f" (goal {row[4]}: {row[5]})" if goal is not None else ""
        print(f"  {what}: {row[1]}{shown}{'; ' + note if note else ''}", flush=True)

    def seconds(self, what, values, reference=None, goal=None):
        self.add(what, median(values), "s", reference, goal, lower=True,
                 note=f"{len(values)} rounds, {min(values):.3f} to {max(values):.3f}")

    def remark(self, sentence):
        self.remarks.append(sentence)
        print(f"  {sentence}", flush=True)

    def print(self):
        print("\n| what | figure | bitcoind | better by | goal | met | rounds, floor, shares |")
        print("|---|---|---|---|---|---|---|")
        for row in self.rows:
            print("| " + " | ".join(row) + " |")
        for sentence in self.remarks:
            print(f"\n{sentence}")
