"""What JupyterLab may save: learning writes to notebooks/my/ alone, so that a chapter that changes never meets a learner's edit."""

from tornado.web import HTTPError

MINE = "my/"


def only_mine(model=None, path: str = "", contents_manager=None, **_) -> None:
    """Jupyter's hook before each save; `path` counts from the folder that the server shows, notebooks/."""
    plain = path.strip("/")
    if not plain.startswith(MINE):
        name = plain.rsplit("/", 1)[-1]
        raise HTTPError(403, f"{plain} is not yours to change: an update would overwrite it. Your copy is {MINE}{name} "
                             "(./lab chapter NN opens it); new files belong into my/ too.")
