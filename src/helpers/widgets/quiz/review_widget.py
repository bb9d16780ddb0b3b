"""The review on screen, and what is said while there is nothing to review."""

from ...classroom import overview, progress
from ...display.markup import Html
from ...display.show import fragment
from ...language import say
from .review import ReviewState, chosen, finished
from .widget import Quiz


class ReviewQuiz(ReviewState, Quiz):
    """A quiz over questions of several lessons, with the views and the calls of every quiz."""


def review(questions: int = 10) -> ReviewQuiz | None:
    """Make a quiz of up to this many questions of the finished lessons, those missed first.

    A lesson is finished when every question of its quiz was answered right.  Without one, say what
    to do first, and return None.  ValueError if `questions` is no whole number above 0.

        quiz = helpers.review()
        quiz
    """
    if not isinstance(questions, int) or questions < 1:
        raise ValueError(say.text("quiz", "review_count", got=repr(questions)))
    work = progress.work()
    words = {name: say.choose(both) for name, both in say.catalogue("quiz").items()}
    if asked := chosen(finished(work), questions, words):
        return ReviewQuiz(asked)
    lines = [say.text("quiz", "review_none"), overview.next_step(overview.course()["lesson"], work)]
    fragment(Html("").join(map(Html("<p>{}</p>").format, lines)), "\n".join(lines))
    return None
