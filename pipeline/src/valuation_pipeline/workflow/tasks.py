# SPDX-License-Identifier: Apache-2.0
"""The steps of a day as Luigi's tasks. Each calls its step's function; its inputs tell whether it is done."""

from __future__ import annotations

from typing import ClassVar

import luigi
from luigi.parameter import ParameterVisibility

from valuation_pipeline.workflow import steps
from valuation_pipeline.workflow.attempts import attempt
from valuation_pipeline.workflow.day import Day, Step
from valuation_pipeline.workflow.inputs import StepFolder
from valuation_pipeline.workflow.luigi_run import reason_of


class DayParameter(luigi.Parameter[Day]):
    """A day, passed from task to task; Luigi's page shows its date and the models."""


class StepTask(luigi.Task):
    """A step of a day, which makes a folder."""

    step: ClassVar[Step]

    date = luigi.DateParameter(description="in UTC")
    models = luigi.Parameter(description="the directory of releases")
    day = DayParameter(significant=False, visibility=ParameterVisibility.PRIVATE)

    def output(self) -> StepFolder:
        """Return the folder, which exists once it was made from the current inputs."""
        return StepFolder(self.day.folder(self.step), self.day.inputs(self.step))

    def run(self) -> None:
        """Make the folder, with further attempts if a disk or a network fails."""
        attempt(self._make, self.day.configuration.workflow)

    def on_failure(self, exception: BaseException) -> str:
        """Return the text for Luigi's page and the command's output."""
        return reason_of(exception)

    def _make(self) -> None:
        steps.MAKE[self.step](self.day)
        self.output().inputs.write(self.day.folder(self.step))

    def _task(self, kind: type[StepTask]) -> StepTask:
        return kind(date=self.date, models=self.models, day=self.day)


class Arrived(StepTask):
    """The day's log is complete."""

    step = "arrived"


class Examples(StepTask):
    """Impressions joined with their clicks and conversions."""

    step = "examples"

    def requires(self) -> StepTask:
        """Return what must be done before."""
        return self._task(Arrived)


class ClickModels(StepTask):
    """Models of clicks."""

    step = "click"
    #: What takes longer starts first.
    priority = 1

    def requires(self) -> StepTask:
        """Return what must be done before."""
        return self._task(Examples)


class ConversionModels(StepTask):
    """Models of conversions."""

    step = "conversion"

    def requires(self) -> StepTask:
        """Return what must be done before."""
        return self._task(Examples)


class Checked(StepTask):
    """Verdicts on the models and on the log."""

    step = "check"

    def requires(self) -> list[StepTask]:
        """Return what must be done before."""
        return [self._task(ClickModels), self._task(ConversionModels)]


class Reported(StepTask):
    """The day's page."""

    step = "report"
    #: People who are told that a release was held back look here.
    priority = 1

    def requires(self) -> StepTask:
        """Return what must be done before."""
        return self._task(Checked)


class Published(StepTask):
    """The release, unless checks hold it back. A page that cannot be written does not."""

    step = "release"

    def requires(self) -> StepTask:
        """Return what must be done before."""
        return self._task(Checked)


class Finished(luigi.WrapperTask):
    """All of a day."""

    date = luigi.DateParameter(description="in UTC")
    models = luigi.Parameter(description="the directory of releases")
    day = DayParameter(significant=False, visibility=ParameterVisibility.PRIVATE)

    def requires(self) -> list[StepTask]:
        """Return what must be done before."""
        return [kind(date=self.date, models=self.models, day=self.day) for kind in (Reported, Published)]
