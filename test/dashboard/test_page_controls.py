"""What is clicked on the page is done, and the page shows what is, not what was clicked."""

import re

from browser_rig import PIXELS

#: How much of a face changes from one pixel to the next: next to nothing in a mosaic's cells.
DETAIL = """() => {
  const copy = Object.assign(document.createElement('canvas'), {width: 48, height: 48});
  const context = copy.getContext('2d', {willReadFrequently: true});
  context.drawImage(document.querySelector('.person canvas'), -20, -20);
  const {data} = context.getImageData(0, 0, 48, 48);
  let changes = 0;
  for (let i = 4; i < data.length; i += 4) changes += Math.abs(data[i] - data[i - 4]) > 4;
  return changes / (48 * 48);
}"""
CHANGED = f"""(before) => {{
  const [old, now] = [before, ({PIXELS})()].map((text) => text.split(','));
  return now.filter((value, i) => Math.abs(value - old[i]) > 24).length > 10;
}}"""



def test_faces_are_hidden_and_shown_again(page):
    page.wait_for_function(f'() => ({DETAIL})() > .5')
    hide = page.get_by_label('Hide faces')
    hide.check()
    page.wait_for_function(f'() => ({DETAIL})() < .3')
    page.locator('#answer', has_text='Done.').wait_for()
    assert page.locator('.person').count() == 2, 'they are still judged'
    hide.uncheck()
    page.wait_for_function(f'() => ({DETAIL})() > .5')


def test_pictures_are_looked_at_or_not(page):
    look = page.get_by_label('Look at pictures')
    look.uncheck()
    page.get_by_text('Nobody is in view.').wait_for()
    assert page.locator('.person').count() == 0 and not look.is_checked()
    look.check()
    page.locator('.person').nth(1).wait_for()


def test_overlay(page):
    """Each of the three is another picture."""
    overlay = page.get_by_label('Beside each face')
    for name in ('none', 'cam', 'bars'):
        before = page.evaluate(PIXELS)
        overlay.select_option(name)
        page.wait_for_function(CHANGED, arg=before)
        page.wait_for_function(
            '(name) => document.getElementById("overlay").value === name', arg=name)


def test_tone_is_set_and_given_back(page):
    tone, told = page.get_by_label('Tone'), page.locator('#tone')
    assert tone.locator('option').count() > 3
    tone.select_option('reassuring')
    told.get_by_text('set by an operator').wait_for()
    assert told.locator('strong').inner_text() == 'reassuring'
    tone.select_option(label='chosen by the faces')
    told.get_by_text('set by an operator').wait_for(state='detached')
    page.wait_for_function('() => document.getElementById("set-tone").value === ""')


def test_start_anew(page):
    """Everybody has a new id, and the time line has nobody from before."""
    person = page.locator('.person').first.get_attribute('id')
    lane = page.locator('#line text', has_text=re.compile(f'^{person.removeprefix("person-")}$'))
    lane.wait_for()
    page.get_by_role('button', name='Start anew').click()
    page.locator(f'#{person}').wait_for(state='detached')
    lane.wait_for(state='detached')
    page.locator('.person').nth(1).wait_for()


def test_one_face_opts_out_and_in_again(page):
    """It stays in view, with the reason instead of its bars; the other one is still judged."""
    first, second = page.locator('.person').nth(0), page.locator('.person').nth(1)
    first.get_by_role('button', name='Do not judge this face').click()
    first.get_by_text('This person does not want to be judged.').wait_for()
    first.locator('.bars').wait_for(state='hidden')
    assert 'uncertain' in first.locator('h3').inner_text()
    assert second.locator('.bars').is_visible()
    first.get_by_role('button', name='Judge this face again').click()
    first.locator('.bars').wait_for()
    assert first.locator('.reason').is_hidden()


def test_everybody_opts_out(page):
    page.get_by_role('button', name='Judge nobody who is here now').click()
    page.locator('.reason', has_text='does not want to be judged').nth(1).wait_for()
    for button in page.get_by_role('button', name='Judge this face again').all()[::-1]:
        button.click()
    page.locator('.person .bars').nth(1).wait_for()
