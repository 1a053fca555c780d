"""The page for everybody: without a mouse, read aloud, in Turkish, small, large, light, dark."""

import pytest
from browser_rig import opened

#: What can be operated and is shown, by its id or its text.
CONTROLS = """() => [...document.querySelectorAll('a[href], button, input, select')]
  .filter((it) => !it.disabled && it.checkVisibility() && (it.parentNode.checkVisibility()))
  .map((it) => it.id || it.textContent)"""
#: What has the focus, and whether one sees that it has: it, or the label that is its button.
FOCUSED = """() => {
  const it = document.activeElement;
  const shown = it.closest('.button') ?? it;
  const {outlineStyle, outlineWidth} = getComputedStyle(shown);
  return [it === document.body ? '' : it.id || it.textContent,
          outlineStyle !== 'none' && parseFloat(outlineWidth) >= 2];
}"""
#: Texts whose contrast with what is behind them is below 4.5 (WCAG 2.2, 1.4.3).
FAINT = """() => {
  const channels = (color) => color.match(/[\\d.]+/g).map(Number);
  const light = (color) => channels(color).slice(0, 3).map((v) => v / 255).map(
    (v) => (v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4))
    .reduce((sum, v, i) => sum + v * [.2126, .7152, .0722][i], 0);
  const behind = (it) => {
    const color = getComputedStyle(it).backgroundColor;
    return channels(color)[3] === 0 ? behind(it.parentElement) : color;
  };
  return [...document.querySelectorAll('body :not(option, svg, svg *, .unseen)')].filter((it) => (
    it.checkVisibility() && [...it.childNodes].some((n) => n.nodeType === 3 && n.data.trim())))
    .map((it) => {
      const [a, b] = [light(getComputedStyle(it).color), light(behind(it))];
      return [it.textContent.slice(0, 40), (Math.max(a, b) + .05) / (Math.min(a, b) + .05)];
    }).filter(([, contrast]) => contrast < 4.5);
}"""
WIDE = """() => [document.documentElement.scrollWidth, document.documentElement.clientWidth]"""


@pytest.mark.parametrize('scheme', ['light', 'dark'])
@pytest.mark.parametrize('size', [(360, 740), (1280, 800)])
def test_light_and_dark_on_phone_and_desk(browser, view, tmp_path, portraits, size, scheme):
    """Nothing is wider than the screen, all texts stand out from what is behind them."""
    phone = size[0] < 500
    with opened(browser, view.address, viewport=dict(zip(('width', 'height'), size)),
                color_scheme=scheme, has_touch=phone, is_mobile=phone) as page:
        page.locator('.person').nth(1).wait_for()
        page.locator('#choose').set_input_files(portraits / 'both.png')
        page.locator('.report .bars').nth(1).wait_for()
        wide, room = page.evaluate(WIDE)
        assert wide <= room
        assert page.evaluate(FAINT) == []
        back = page.evaluate('() => getComputedStyle(document.body).backgroundColor')
        assert (int(back.split('(')[1].split(',')[0]) < 128) == (scheme == 'dark')
        assert page.locator('#take').locator('..').is_visible() == phone, 'the camera of a phone'


def test_keyboard_alone(page):
    """Tab comes to every control, one sees where one is, and it acts."""
    page.wait_for_function('() => !document.getElementById("set-tone").disabled')
    wanted, reached = page.evaluate(CONTROLS), []
    assert len(wanted) >= 10
    for _ in range(len(wanted)):
        page.keyboard.press('Tab')
        name, seen = page.evaluate(FOCUSED)
        assert seen, f'one does not see that {name} has the focus'
        reached.append(name)
    assert reached == wanted


def test_controls_act_by_key(page):
    choosers = []
    # Early: it takes the browser a while to listen.
    page.on('filechooser', lambda chooser: choosers.append(chooser))
    page.locator('#enable').focus()
    page.keyboard.press('Space')
    page.get_by_text('Nobody is in view.').wait_for()
    page.keyboard.press('Space')
    page.locator('.person').nth(1).wait_for()
    page.locator('#overlay').focus()
    page.keyboard.press('ArrowDown')
    page.locator('#answer', has_text='Done.').wait_for()
    page.locator('#overlay').focus()
    page.keyboard.press('ArrowUp')
    person = page.locator('.person').first.get_attribute('id')
    page.locator('#reset').focus()
    page.keyboard.press('Enter')
    page.locator(f'#{person}').wait_for(state='detached')
    page.locator('#choose').focus()
    page.keyboard.press('Enter')
    for _ in range(100):
        if choosers:
            break
        page.wait_for_timeout(100)
    assert choosers and choosers[0].is_multiple()


def test_focus_stays_where_it_is(page):
    """What is drawn many times a second takes the focus from nobody."""
    button = page.locator('.person button').first
    button.focus()
    before = page.locator('.person h3').first.inner_text()
    page.wait_for_function('(before) => document.querySelector(".person h3").innerText !== before',
                           arg=before)
    assert button.evaluate('(it) => it === document.activeElement')


def test_screen_reader(page):
    """Whatever can be used or seen has a name; headings go down one by one; news is told."""
    tree = page.context.new_cdp_session(page).send('Accessibility.getFullAXTree')['nodes']
    named = {'button', 'checkbox', 'combobox', 'img', 'image', 'link', 'region', 'heading',
             'group', 'textbox'}
    nodes = [(node['role']['value'], node.get('name', {}).get('value', '')) for node in tree
             if not node['ignored'] and 'role' in node]
    assert {'checkbox', 'combobox', 'button', 'heading'} <= {role for role, _ in nodes}
    assert not [role for role, name in nodes if role in named and not name.strip()]
    levels = page.locator('h1, h2, h3').evaluate_all('(all) => all.map((it) => +it.tagName[1])')
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(after - before <= 1 for before, after in zip(levels, levels[1:]))
    for name in ('connection', 'advice', 'notice', 'answer', 'looking'):
        assert page.locator(f'#{name}').get_attribute('role') == 'status'
    for name in ('tone', 'announcement'):
        assert page.locator(f'#{name}').get_attribute('aria-live') == 'polite'
    page.locator('#announcement', has_text='is ').wait_for(state='attached')


def test_turkish(browser, view):
    """In the browser's language at first, then in the one that was chosen."""
    with opened(browser, view.address, locale='tr-TR') as page:
        page.locator('.person h3', has_text='mutlu').wait_for()
        assert page.locator('html').get_attribute('lang') == 'tr'
        page.get_by_role('heading', name='Canlı görüntü').wait_for()
        page.locator('#connection', has_text='bağlı').wait_for()
        empty = page.locator('[data-text]').evaluate_all(
            '(all) => all.filter((it) => !it.textContent || it.textContent === it.dataset.text)')
        assert empty == []
        page.get_by_label('Dil').select_option('en')
        page.locator('.person h3', has_text='happy').wait_for()
        page.get_by_role('button', name='Start anew').wait_for()
        page.reload()
        page.get_by_role('heading', name='Live picture').wait_for()
