"""The page in a real browser: it opens from disk, works by keys, and obeys no text that it shows."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from pictologics import set_num_threads
from pictologics.cohort import report
from pictologics.cohort.running.manifest import CaseInput, CaseWarning, ManifestRow, write_row
from pictologics.cohort.running.run_folder import open_run_folder
from tests.cohort.reporting.browser import Visit, start_chromium
from tests.factories.run_folders import make_done_row, make_volume, write_run

pytestmark = pytest.mark.slow

DESKTOP, PHONE = {"width": 1280, "height": 900}, {"width": 375, "height": 740}

HOSTILE = "</script><script>window.obeyed = 1</script><img src=x onerror='window.obeyed = 2'>\"&amp;"

CASES = 64


@pytest.fixture(scope="module")
def browser():
    yield from start_chromium()


@pytest.fixture(scope="module")
def run_page(tmp_path_factory) -> Path:
    """The page of a run of 64 cases: most did not make an image, the files of one are gone, and one is hostile."""
    out = tmp_path_factory.mktemp("run")
    folder = open_run_folder(out)
    # Few of them have images: drawing is tested elsewhere.
    write_run(out, 8)
    for number in range(8, CASES - 2):
        write_row(
            folder,
            ManifestRow(f"case-{number:04d}", "refused", error_class="OptionError", error_text="it is too large"),
        )
    image, mask = make_volume(3, "CT")
    mask = replace(mask, labels={1: HOSTILE, 2: "left kidney"})
    row = make_done_row(out, "hostile", image, {"organs": mask})
    facts = {"modality": HOSTILE, "manufacturer": HOSTILE, "model": HOSTILE}
    inputs = (CaseInput(HOSTILE, "image", HOSTILE, ("/archive/IM1.dcm",), facts=facts),)
    warnings = (CaseWarning(HOSTILE, HOSTILE),)
    row = replace(row, inputs=inputs, warnings=warnings, decisions=(HOSTILE,), labels=mask.labels)
    write_row(folder, replace(row, error_class=HOSTILE, error_text=HOSTILE, versions={HOSTILE: HOSTILE}, ended=HOSTILE))
    write_row(folder, replace(make_done_row(out, "twice", image, {}), inputs=()))
    for name in ("case-0002/image.nii", "case-0002/organs.nii"):
        (out / name).unlink()
    set_num_threads(1)
    try:
        return report(out, out / "page.html")
    finally:
        set_num_threads(None)


@pytest.fixture
def visit(browser: Browser, run_page: Path):
    context = browser.new_context(viewport=DESKTOP)
    yield Visit(context, run_page)
    context.close()


def test_a_run_that_has_just_begun_has_a_page(browser, tmp_path):
    write_run(tmp_path, 0, planned=3)
    context = browser.new_context(viewport=PHONE)
    visit = Visit(context, report(tmp_path))
    expect(visit.page.locator("#rows")).to_have_text("No case has ended yet.")
    expect(visit.page.locator(".notice")).to_contain_text("0 of 3 cases")
    assert visit.complaints == []
    context.close()


def list_cases(page: Page) -> list[str]:
    return page.locator("#rows .case-name").all_text_contents()


def test_it_opens_from_disk_and_asks_nobody_for_anything(visit):
    page = visit.page
    expect(page.locator("#rows tr")).to_have_count(25)
    expect(page.locator("#result")).to_have_text(f"{CASES} cases, sorted by case")
    shown = page.locator("#rows img").first
    expect(shown).to_have_js_property("complete", True)
    assert shown.evaluate("picture => picture.naturalWidth") == 3 * 128
    assert visit.requests == []
    assert visit.complaints == []


def test_columns_sort_by_pointer_and_keys_and_say_so(visit):
    page = visit.page
    size = page.get_by_role("columnheader", name="Size")
    size.get_by_role("button").click()
    expect(size).to_have_attribute("aria-sort", "ascending")
    first = list_cases(page)
    assert first[:2] == ["case-0000", "case-0001"]
    page.keyboard.press("Enter")
    expect(size).to_have_attribute("aria-sort", "descending")
    # The largest image first; those without one stay at the end.
    assert list_cases(page)[:2] == ["case-0007", "case-0006"]
    expect(page.locator("#result")).to_contain_text("sorted by size, descending")
    assert page.locator("th[aria-sort]").count() == 1


def test_search_tiles_bars_and_findings_filter_together(visit):
    page = visit.page
    page.get_by_label("Search cases").fill("missing SLICES")
    expect(page.locator("#result")).to_contain_text(f"1 of {CASES} cases")
    assert list_cases(page) == ["case-0004"]
    page.get_by_label("Search cases").fill("")
    tile = page.locator(".tile[data-status=done]")
    tile.click()
    expect(tile).to_have_attribute("aria-pressed", "true")
    expect(page.locator("#result")).to_contain_text(f"8 of {CASES}")
    page.locator(".bar", has_text="Philips").click()
    expect(page.locator("#result")).to_contain_text(f"1 of {CASES}")
    assert list_cases(page) == ["case-0002"]
    page.locator(".bar", has_text="SIEMENS").click()
    assert list_cases(page) == ["case-0000", "case-0002", "case-0003", "case-0006"]
    page.get_by_label("Only with findings").check()
    assert list_cases(page) == ["case-0002"]
    page.get_by_role("button", name="Clear filters").click()
    expect(page.locator("#result")).to_contain_text(f"{CASES} cases")
    expect(page.locator("[aria-pressed=true]")).to_have_count(1)


def test_no_case_that_fits_is_said(visit):
    visit.page.get_by_label("Search cases").fill("no such thing")
    expect(visit.page.locator("#rows")).to_have_text("No case fits these filters.")


def test_pages_turn(visit):
    page = visit.page
    expect(page.get_by_role("button", name="Previous", exact=True)).to_be_disabled()
    page.get_by_role("button", name="Next", exact=True).click()
    page.get_by_role("button", name="Next", exact=True).click()
    expect(page.locator("#page-number")).to_have_text("Page 3 of 3")
    assert len(list_cases(page)) == CASES - 50
    expect(page.get_by_role("button", name="Next", exact=True)).to_be_disabled()
    page.get_by_label("Cases per page").select_option("100")
    assert len(list_cases(page)) == CASES


def test_slices_are_looked_through_with_keys_alone(visit):
    page = visit.page
    name = page.get_by_role("button", name="case-0000")
    name.focus()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name="case-0000")
    expect(dialog).to_be_visible()
    slider = dialog.get_by_role("slider", name="Slice")
    expect(slider).to_be_focused()
    expect(slider).to_have_attribute("aria-valuetext", "axial slice 7 of 12")
    seen = set()
    for key, text in [("ArrowRight", "8 of 12"), ("Home", "1 of 12"), ("ArrowUp", "2 of 12"), ("End", "12 of 12")]:
        page.keyboard.press(key)
        expect(slider).to_have_attribute("aria-valuetext", f"axial slice {text}")
        seen.add(page.locator("#canvas").evaluate("canvas => canvas.toDataURL()"))
    assert len(seen) == 4
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(name).to_be_focused()


def test_the_outline_of_a_label_is_on_the_larger_picture(visit):
    page = visit.page
    page.get_by_role("button", name="case-0000").click()
    expect(page.locator("#slice")).to_have_attribute("aria-valuetext", "axial slice 7 of 12")
    orange = """canvas => {
        const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
        let count = 0;
        for (let k = 0; k < data.length; k += 4) count += data[k] - data[k + 2] > 90;
        return count;
    }"""
    assert page.locator("#canvas").evaluate(orange) > 50


def test_the_next_case_and_a_case_without_pictures(visit):
    page = visit.page
    page.get_by_role("button", name="case-0003").click()
    page.get_by_role("button", name="Next case").click()
    dialog = page.get_by_role("dialog", name="case-0004")
    expect(dialog).to_contain_text("GeometryError")
    expect(dialog).to_contain_text("slices are missing")
    expect(dialog).to_contain_text("This case made no image.")
    expect(page.locator("#slice")).to_be_hidden()


def test_files_that_are_gone_are_told_in_the_row(visit):
    row = visit.page.locator("tr", has=visit.page.get_by_role("button", name="case-0002"))
    expect(row).to_contain_text("2 files gone")
    expect(row).to_contain_text("No picture")


def test_no_text_is_obeyed(visit):
    page = visit.page
    page.get_by_label("Search cases").fill("hostile")
    row = page.locator("#rows tr").first
    expect(row).to_contain_text(HOSTILE)
    page.get_by_role("button", name="hostile").click()
    details = page.locator("#details")
    expect(details).to_contain_text(HOSTILE)
    # A message, its class, a decision, a label, a series, a scanner: all of them as they are.
    assert details.text_content().count(HOSTILE) >= 8
    assert page.evaluate("window.obeyed") is None
    assert page.locator("img[src=x]").count() == 0
    assert visit.complaints == []
    assert visit.requests == []


CONTRAST = """() => {
    const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
    const layersOf = (element) => {
        const layers = [];
        for (let at = element; at; at = at.parentElement) layers.unshift(getComputedStyle(at).backgroundColor);
        return layers;
    };
    const paint = (colors) => {
        canvas.clearRect(0, 0, 1, 1);
        for (const color of colors) { canvas.fillStyle = color; canvas.fillRect(0, 0, 1, 1); }
        return [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3);
    };
    const light = (rgb) => {
        const [r, g, b] = rgb.map((v) => { v /= 255; return v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; });
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const weak = [];
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
        const element = walker.currentNode.parentElement;
        const text = walker.currentNode.textContent.trim();
        const passed = "script, dialog:not([open]), .unseen, noscript, .skip, :disabled, .stage:not(.bare)";
        if (!text || element.closest(passed)) continue;
        if (!element.checkVisibility({ visibilityProperty: true })) continue;
        const back = layersOf(element);
        const [ground, ink] = [light(paint(back)), light(paint([...back, getComputedStyle(element).color]))];
        const ratio = (Math.max(ground, ink) + 0.05) / (Math.min(ground, ink) + 0.05);
        if (ratio < 4.5) weak.push(`${text.slice(0, 30)}: ${ratio.toFixed(2)}`);
    }
    return weak;
}"""
"""Texts whose contrast is below 4.5 to 1 (WCAG 2.2, 1.4.3)."""


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_is_legible_and_the_page_never_wider_than_its_window(browser, run_page, scheme, size):
    context = browser.new_context(viewport=size, color_scheme=scheme)
    page = Visit(context, run_page).page
    expect(page.locator("#rows tr")).to_have_count(25)
    grounds = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (grounds == "rgb(17, 20, 26)") == (scheme == "dark")
    for step in ("table", "viewer"):
        if step == "viewer":
            page.get_by_role("button", name="case-0004").click()
        assert page.evaluate(CONTRAST) == []
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    context.close()


def test_the_switch_of_colors_wins_over_the_system(browser, run_page):
    context = browser.new_context(viewport=DESKTOP, color_scheme="light")
    page = Visit(context, run_page).page
    page.get_by_label("Dark").check(force=True)
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(17, 20, 26)"
    page.reload()
    expect(page.get_by_label("Dark")).to_be_checked()
    context.close()


def test_on_a_phone_cases_are_sorted_by_a_list_and_a_slider_is_in_reach(browser, run_page):
    context = browser.new_context(viewport=PHONE)
    page = Visit(context, run_page).page
    page.get_by_label("Sort by").select_option("size-")
    assert list_cases(page)[0] == "case-0007"
    page.get_by_role("button", name="case-0007").click()
    box = page.get_by_role("slider").bounding_box()
    assert box["y"] + box["height"] <= PHONE["height"]
    assert box["width"] > 150
    context.close()


def test_everything_has_a_name_and_a_place(visit):
    page = visit.page
    nameless = page.evaluate("""() => [...document.querySelectorAll("button, input, select, img, table, fieldset")]
        .filter((element) => element.checkVisibility())
        .filter((element) => !(element.alt || element.labels?.length || element.textContent.trim()))
        .map((element) => element.outerHTML.slice(0, 80))""")
    assert nameless == []
    assert page.locator("h1").count() == 1
    expect(page.get_by_role("table")).to_have_count(1)
    expect(page.locator("caption")).to_have_count(1)
    assert page.get_by_role("columnheader").count() == page.locator("#rows tr").first.locator("> *").count()
    expect(page.get_by_role("rowheader").first).to_have_text("case-0000")
    twice = page.evaluate("""() => { const ids = [...document.querySelectorAll("[id]")].map((element) => element.id);
        return ids.filter((id, k) => ids.indexOf(id) !== k); }""")
    assert twice == []


def test_nothing_moves_for_those_who_asked_for_rest(browser, run_page):
    context = browser.new_context(viewport=DESKTOP, reduced_motion="reduce")
    page = Visit(context, run_page).page
    moving = """() => [...document.querySelectorAll("*")].filter((element) => {
        const { animationName, transitionDuration } = getComputedStyle(element);
        return animationName !== "none" || transitionDuration.split(", ").some((time) => parseFloat(time) > 0);
    }).length"""
    assert page.evaluate(moving) == 0
    context.close()
