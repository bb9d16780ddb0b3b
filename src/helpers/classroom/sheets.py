"""Where the exercise sheets lie: a name that needs nothing of what a lesson loads."""


def sheet_file(kind: str, lang: str, lesson: str) -> str:
    """Return where a sheet lies, from the course's folder; kind: exercises or solutions.

    It is not called like its lesson: a tab of JupyterLab shows the file's name, and only that.
    """
    return f"{kind}/{lang}/{lesson}/exercise_{lesson}.ipynb"
