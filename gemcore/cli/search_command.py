"""``gemcore search``."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, ClassVar, Literal, Self

import tyro
from tyro.conf import DisallowNone, FlagCreatePairsOff, Positional

from gemcore.arguments import check_seed
from gemcore.cli.settings import Settings
from gemcore.cli.suited import suited_settings
from gemcore.cli.terminal import refuse
from gemcore.searching.config import SearchConfig
from gemcore.searching.search import search
from gemcore.space import SearchSpace
from gemcore.tables import CellTable
from gemcore.tables.registry import TABLES, load_table
from gemcore.tasks.image_config import ImageConfig
from gemcore.tasks.proxy_task import ProxyTask
from gemcore.tasks.registry import TASKS, load_task, needs_directory

TaskName = Literal[
    "digits",
    "cifar10",
    "cifar100",
    "mnist",
    "fashion_mnist",
    "nasbench101",
    "nasbench201",
    "nasbench201-cifar100",
    "nasbench201-imagenet",
    "table",
    "synthetic",
]


def _arg(metavar: str, hint: str = "") -> object:
    return tyro.conf.arg(metavar=metavar, help_behavior_hint=hint)


@dataclass(frozen=True)
class SearchCommand:
    """Search for the best cell of a task, and train its network.

    An encoder of cells is trained, random cells are trained as networks, a predictor learns from
    them which cells to train next, and the best one is trained to the end and tested once.

    A run that was cut short goes on where it was when the same command is given again.

    For example:
      gemcore search digits --out runs/digits
      gemcore search --data photos/ --out runs/photos --num-trials 24
      gemcore search cifar10 --data cifar10/ --out runs/c --images.proxy-fraction .1
      gemcore search digits --config runs/digits/config.toml --out runs/again
      gemcore search nasbench101 --data nasbench_only108.tfrecord --out runs/n
    """

    task: Annotated[Positional[DisallowNone[TaskName | None]], _arg("[TASK]", "(or --data)")] = None
    """What to search on: digits (1797 handwritten digits, bundled with scikit-learn), cifar10,
    cifar100, mnist or fashion_mnist (their official files, which lie in --data). Or a table of
    cells that were trained before, where nothing is trained: nasbench101, nasbench201 on three data
    sets, a table of your own (its file is --data), or a synthetic one."""

    data: Annotated[DisallowNone[Path | None], _arg("PATH")] = None
    """Your own images: a folder with one sub-folder a class. With a TASK: where its files lie, or
    the file of the table."""

    test_data: Annotated[DisallowNone[Path | None], _arg("DIR")] = None
    """Images for the final test, in the same sub-folders as those in --data. Without it, a share of
    those in --data is kept apart."""

    out: Annotated[DisallowNone[Path | None], _arg("DIR", "(required)")] = None
    """Folder of the run: new, without a run, or of the same run, which then goes on. It gets
    numbers, weights, the model as source, pictures of the cell."""

    seed: int = 0
    """Of everything random: the same seed gives the same result."""

    quiet: FlagCreatePairsOff[bool] = False
    """Show no progress, only the summary in the end."""

    config: Annotated[DisallowNone[Path | None], _arg("FILE")] = None
    """Settings in TOML: seed, tables [space], [images], [config], [config.encoder] and so on, as
    --print-config shows them. Flags win over the file, the file over what suits the task. The
    config.toml of a run repeats it; what follows from the rest there (run_id, gemcore, task,
    skeleton, input_size, num_classes) is passed over."""

    print_config: FlagCreatePairsOff[bool] = False
    """Print all settings as TOML, ready for --config, and do nothing else."""

    settings: Annotated[SearchConfig, tyro.conf.arg(name="")] = field(default_factory=SearchConfig)
    """Settings of the search. Name the task to see the defaults that suit it."""

    images: ImageConfig = field(default_factory=ImageConfig)
    """Size of the images, and which of them are for what."""

    space: SearchSpace = field(default_factory=SearchSpace)
    """Which cells are searched. Node 0 is the input, every other node draws its operation."""

    kept: ClassVar[str] = "; what was learned so far is saved. The same command goes on from there"

    def __post_init__(self) -> None:
        check_seed(self.seed)

    @classmethod
    def suited(cls, words: list[str]) -> Self:
        """The command's defaults, which depend on the task and the file that the words name."""
        if words[:1] != ["search"]:
            return cls()
        suited = suited_settings(words[1:])
        return cls(
            seed=suited.seed, settings=suited.config, images=suited.images, space=suited.space
        )

    def run(self) -> str:
        """Searches, and returns the summary; or the settings, if those are asked for."""
        if self.print_config:
            settings = Settings(self.seed, self.space, self.images, self.settings)
            return settings.to_toml(of_table=self.task in TABLES)
        out = self._check_usage()
        task = self._load_task()
        result = search(
            task,
            None if isinstance(task, CellTable) else self.space,
            self.settings,
            out=out,
            seed=self.seed,
            progress=not self.quiet,
        )
        return f"{result.summary()}\n\nWritten to {out}"

    def _check_usage(self) -> Path:
        if self.task is None and self.data is None:
            refuse("name a TASK to search on, or give the folder of your images by --data")
        if self.task in TABLES:
            self._check_usage_of_table(self.task)
        elif self.task is not None and needs_directory(self.task) != (self.data is not None):
            if self.data is not None:
                refuse(f"--data must not be given for {self.task}, whose images are bundled")
            files = TASKS[self.task].files
            refuse(f"--data must be given for {self.task}: the folder with {files}")
        if self.test_data is not None and (self.task is not None or self.data is None):
            refuse("--test-data goes with images of your own in --data, without a TASK")
        if self.out is None:
            refuse("--out must be given: the folder of the run")
        return self.out

    def _check_usage_of_table(self, name: str) -> None:
        known = TABLES[name]
        if (known.read is None) != (self.data is None):
            if self.data is not None:
                refuse(f"--data must not be given for {name}, which has no file")
            refuse(f"--data must be given for {name}: {known.file}")
        if self.space != suited_settings([name]).space or self.images != ImageConfig():
            refuse(
                f"--space and --images don't go with {name}: the cells of the table are searched"
            )

    def _load_task(self) -> ProxyTask | CellTable:
        if self.task in TABLES:
            return load_table(self.task, self.data, progress=not self.quiet)
        if self.task is not None:
            return load_task(self.task, self.data, images=self.images)
        assert self.data is not None
        return ProxyTask.from_folder(
            self.data,
            test_directory=self.test_data,
            images=self.images,
            progress=not self.quiet,
        )
