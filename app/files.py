"""Uploaded files: fields of forms that look into them and keep them, and the store they are kept in.

A file that came with a form that is shown again is not lost: it lies in the store, and the form carries a
signed note of it, which is a box that can be unticked.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import astuple
from pathlib import Path
from typing import Any

from flask import Response, after_this_request, current_app
from flask_login import current_user
from itsdangerous import BadData, URLSafeTimedSerializer
from werkzeug.datastructures import FileStorage
from wtforms import Field
from wtforms.validators import StopValidation
from wtforms.widgets import FileInput

from lifecycle.attachments import ANY, SCAN, StoredFile
from lifecycle.filekinds import MOST_BYTES, MOST_FILES, Kind, Unfit, clean_name, inspect, kind_by_name, labels
from lifecycle.files import ContentStore, TooLarge

CARRIED = 24 * 60 * 60
"""Seconds for which a form may carry a file that came with it earlier."""

_MEGABYTE = 1 << 20


def store() -> ContentStore:
    """Return the store of attached files."""
    return ContentStore(Path(current_app.instance_path) / "files")


class FilesField(Field):  # type: ignore[misc]
    """Several files: ``data`` is what was received and kept, in the order chosen, each once."""

    widget = FileInput(multiple=True)
    most = MOST_FILES
    data: list[StoredFile]

    def __init__(
        self,
        label: str,
        validators: Sequence[Any] | None = None,
        *,
        kinds: tuple[Kind, ...] = ANY,
        description: str | None = None,
        **more: Any,
    ) -> None:
        self.kinds = kinds
        self.kept: list[StoredFile] = []
        """What a form shown again carries."""
        super().__init__(label, validators, description=description or self._about(), **more)

    def _about(self) -> str:
        limits = f"单个不超过 {MOST_BYTES // _MEGABYTE} MB，一次最多 {self.most} 个，合计不超过 60 MB"
        return f"{labels(self.kinds)}，{limits}"

    @property
    def accept(self) -> str:
        """The suffixes that a browser's dialog offers."""
        return ",".join(f".{suffix}" for kind in self.kinds for suffix in kind.suffixes)

    def process_data(self, value: Any) -> None:
        """Begin with nothing: what is attached already is shown beside a form, not in it."""
        del value
        self._take([])

    def process_formdata(self, valuelist: list[Any]) -> None:
        """Receive what was carried and what was chosen now; what is unfit is said at the field."""
        self._take(self._unique([*self._carried(valuelist), *self._received(valuelist)]))

    def _take(self, files: list[StoredFile]) -> None:
        self.data = self.kept = files

    def _unique(self, files: Iterable[StoredFile]) -> list[StoredFile]:
        found = list({(file.sha256, file.name): file for file in files}.values())
        self.process_errors += [
            f"“{file.name}”没有保存：一次最多上传 {self.most} 个文件。" for file in found[self.most :]
        ]
        return found[: self.most]

    def _received(self, values: list[Any]) -> Iterator[StoredFile]:
        for value in values:
            if isinstance(value, FileStorage) and value.filename:
                _close_at_the_end(value)
                try:
                    yield _receive(value, self.kinds)
                except Unfit as unfit:
                    self.process_errors.append(unfit.message)

    def _carried(self, values: list[Any]) -> Iterator[StoredFile]:
        for value in values:
            file = _read_note(value, self.kinds) if isinstance(value, str) else None
            if file is not None:
                yield file

    def pre_validate(self, form: Any) -> None:
        """Where a file was refused, say only that: "please choose a file" would be wrong."""
        del form
        if self.process_errors:
            raise StopValidation

    @property
    def notes(self) -> list[tuple[str, StoredFile]]:
        """What was received so far, each with the signed note by which the form carries it."""
        return [(_signer().dumps([_person(), *astuple(file)]), file) for file in self.kept]


class ScanField(FilesField):
    """One file: ``data`` is it, or ``None``. A new choice takes the place of what was carried."""

    widget = FileInput()
    most = 1
    data: StoredFile | None  # type: ignore[assignment]

    def __init__(
        self,
        label: str,
        validators: Sequence[Any] | None = None,
        *,
        kinds: tuple[Kind, ...] = SCAN,
        description: str | None = None,
        **more: Any,
    ) -> None:
        super().__init__(label, validators, kinds=kinds, description=description, **more)

    def _about(self) -> str:
        return f"{labels(self.kinds)}，不超过 {MOST_BYTES // _MEGABYTE} MB"

    def _unique(self, files: Iterable[StoredFile]) -> list[StoredFile]:
        return list(files)[-1:]

    def _take(self, files: list[StoredFile]) -> None:
        self.kept = files
        self.data = files[0] if files else None


def _close_at_the_end(upload: FileStorage) -> None:
    """Let a large upload's temporary file go with the request, not when memory happens to be tidied."""

    @after_this_request
    def _close(response: Response) -> Response:
        upload.close()
        return response


def _receive(upload: FileStorage, kinds: tuple[Kind, ...]) -> StoredFile:
    """Look into an uploaded file and keep it. Raises ``Unfit``."""
    name = clean_name(upload.filename or "")
    kind_by_name(name, kinds)
    stream: Any = upload.stream
    if stream.seek(0, 2) > MOST_BYTES:
        raise _too_large(name)
    kind = inspect(stream, name, kinds)
    try:
        kept = store().keep(stream, MOST_BYTES)
    except TooLarge:
        raise _too_large(name) from None
    return StoredFile(kept.sha256, name, kind.media_type, kept.size)


def _too_large(name: str) -> Unfit:
    return Unfit(name, f"超过 {MOST_BYTES // _MEGABYTE} MB，请压缩或降低扫描清晰度，也可以分成几个文件。")


def _signer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(current_app.config["SECRET_KEY"], salt="keguan-carried-file")


def _person() -> int | None:
    return current_user.person.id if current_user.is_authenticated else None


def _read_note(note: str, kinds: tuple[Kind, ...]) -> StoredFile | None:
    """Return the file a form carries; ``None`` for a note that is forged, old, or somebody else's."""
    try:
        person, *values = _signer().loads(note, max_age=CARRIED)
    except BadData:
        return None
    file = StoredFile(*values)
    fits = file.media_type in {kind.media_type for kind in kinds}
    return file if fits and person == _person() and store().path(file.sha256).exists() else None
