"""The page of `parley-lab report` in a real browser: it loads without an error, its sliders hide what
came later, no two labels of a figure overlap or leave it, and no table is wider than the page.

Usage: report_browser.py PARLEY_LAB. Ends with 77, "skipped", where there is no Chromium.
"""

import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

SKIPPED = 77
LIMIT_S = 100

# Runs after the page's own script, and leaves what it found in the title.
PROBE = """
<script>
const probe = {errors: window.probeErrors, sliders: 0, hidden: [], parts: [], labels: 0, faults: [],
               tables: []};
for (const table of document.querySelectorAll('table')) {
  probe.tables.push(table.rows.length);
  const frame = table.closest('.wide') || document.body;
  if (frame.scrollWidth > frame.clientWidth) probe.faults.push('wider than the page: ' + table.rows[0].textContent);
}
for (const slider of document.querySelectorAll('input[type=range]')) {
  const parts = [...document.getElementById(slider.dataset.for).querySelectorAll('[data-t]')];
  const hidden = () => parts.filter(part => getComputedStyle(part).visibility === 'hidden').length;
  const at = value => { slider.value = value; slider.dispatchEvent(new Event('input')); };
  ++probe.sliders;
  probe.parts.push(parts.length);
  const counts = [hidden()];
  at(slider.max / 2); counts.push(hidden());
  at(0); counts.push(hidden());
  at(slider.max); counts.push(hidden());
  probe.hidden.push(counts);
}
for (const svg of document.querySelectorAll('svg')) {
  const frame = svg.getBoundingClientRect();
  const boxes = [...svg.querySelectorAll('text')].map(
      text => ({text: text.textContent, box: text.getBoundingClientRect()}));
  boxes.forEach(({text, box}, i) => {
    ++probe.labels;
    if (box.left < frame.left || box.right > frame.right || box.top < frame.top ||
        box.bottom > frame.bottom)
      probe.faults.push('outside: ' + text);
    for (const other of boxes.slice(i + 1)) {
      const wide = Math.min(box.right, other.box.right) - Math.max(box.left, other.box.left);
      const high = Math.min(box.bottom, other.box.bottom) - Math.max(box.top, other.box.top);
      if (wide > 0 && high > 2) probe.faults.push('overlap: ' + text + ' | ' + other.text);
    }
  });
}
document.title = 'PROBE' + JSON.stringify(probe);
</script>
"""
ERRORS = "<script>window.probeErrors = []; window.onerror = text => window.probeErrors.push(text);</script>"


def run(*command):
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=LIMIT_S)
    assert done.returncode == 0, f"{command} ended with {done.returncode}: {done.stderr}"
    return done.stdout


def write_page(lab, folder):
    """The page with results of two levels and both engines."""
    scenario = str(pathlib.Path(__file__).with_name("report.toml"))
    delays = "delay.mean_s=0.1,0.3,0.6"
    run(lab, "sweep", scenario, "--vary", delays, "--level", "model", "--out", folder)
    run(lab, "compare", scenario, "--vary", delays, "--out", folder)
    run(lab, "report", folder)
    return pathlib.Path(folder, "report.html").read_text(encoding="utf-8")


def probe_page(chromium, page, folder):
    """What the browser has found in the page."""
    page = page.replace("<head>", "<head>" + ERRORS, 1).replace("</body>", PROBE + "</body>", 1)
    probed = pathlib.Path(folder, "probed.html")
    probed.write_text(page, encoding="utf-8")
    text = run(chromium, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
               "--user-data-dir=" + folder + "/profile", "--window-size=1400,3000",
               "--virtual-time-budget=5000", "--dump-dom", probed.as_uri())
    found = re.search(r"<title>PROBE(.*?)</title>", text, re.DOTALL)
    assert found, "the browser did not run the page's scripts:\n" + text[-2000:]
    unescaped = found[1].replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
    return json.loads(unescaped)


def check(found):
    assert found["errors"] == [], found["errors"]
    assert found["faults"] == [], "\n".join(found["faults"])
    assert found["labels"] > 100, found["labels"]  # the control: there was something to look at
    assert found["tables"] and found["tables"][0] > 5, found["tables"]
    assert found["sliders"] == 4, found["sliders"]  # two trees, two timelines of views
    for parts, (first, half, none, everything) in zip(found["parts"], found["hidden"]):
        assert parts > 50, found["parts"]
        assert first == 0 and everything == 0, found["hidden"]
        assert 0 < half < none, found["hidden"]
        assert none == parts, found["hidden"]


def main():
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which(
        "google-chrome")
    if chromium is None:
        print("skipped: there is no Chromium on this machine")
        return SKIPPED
    with tempfile.TemporaryDirectory() as folder:
        found = probe_page(chromium, write_page(sys.argv[1], folder), folder)
        check(found)
        # The control: a label on another one, one outside, and a table that is too wide are found.
        bad = ('<html><head></head><body><svg width="100" height="50"><text x="10" y="20">aa</text>'
               '<text x="12" y="20">bb</text><text x="95" y="40">cc</text></svg>'
               '<div class="wide" style="overflow-x:auto;width:50px"><table><tr><td>' + 50 * "d"
               + '</td></tr></table></div></body></html>')
        faults = probe_page(chromium, bad, folder)["faults"]
        assert sorted(fault.split(":")[0] for fault in faults) == ["outside", "overlap", "wider than the page"], faults
    print("the page has", found["labels"], "labels and", found["sliders"], "sliders")
    return 0


if __name__ == "__main__":
    sys.exit(main())
