"""What a network's source file has besides the network: weights, images, a command line."""

LOADING = '''\
DTYPES = {"F32": torch.float32, "I64": torch.int64}


def load(path: str | Path | None = None) -> Network:
    """The trained network in evaluation mode; by default of model.safetensors beside this file."""
    path = Path(__file__).with_name("model.safetensors") if path is None else path
    with torch.device("meta"):  # Without memory: the file has the weights.
        network = Network()
    network.load_state_dict(read_safetensors(path), assign=True)
    return network.eval()


def read_safetensors(path: str | Path) -> dict[str, Tensor]:
    """Tensors by name, of a file that is the length of a JSON header, the header, and numbers."""
    data = bytearray(Path(path).read_bytes())
    start = 8 + int.from_bytes(data[:8], "little")
    tensors = {}
    try:
        header = json.loads(data[8:start])
        header.pop("__metadata__", None)
        for name, entry in header.items():
            begin, end = entry["data_offsets"]
            numbers = data[start + begin : start + end]
            flat = torch.frombuffer(numbers, dtype=DTYPES[entry["dtype"]])
            tensors[name] = flat.reshape(entry["shape"]).clone()  # Aligned as torch likes it.
    except (AttributeError, KeyError, RuntimeError, TypeError, ValueError) as error:
        raise ValueError(f"{path} must be a safetensors file of F32 and I64: {error!r}") from error
    return tensors
'''

PREPROCESSING = '''\
def preprocess(images: Tensor) -> Tensor:
    """Standardizes images [N, C, H, W] {scale}; float32."""
    if images.dim() != 4 or images.shape[1] != INPUT_SIZE[0]:
        wanted = f"[N, {{INPUT_SIZE[0]}}, H, W]"
        raise ValueError(f"images must have shape {{wanted}}, got {{list(images.shape)}}")
    mean = torch.tensor(MEAN, dtype=torch.float32, device=images.device).view(1, -1, 1, 1)
    std = torch.tensor(STD, dtype=torch.float32, device=images.device).view(1, -1, 1, 1)
    return (images.to(torch.float32) - mean) / std
'''

MAIN = '''\
def classify(network: Network, path: str | Path) -> tuple[str, float]:
    """The most probable class of an image file, and how probable it is."""
    images = read_image(path).unsqueeze(0)
    with torch.no_grad():
        probabilities = network(preprocess(images)).softmax(dim=1)[0]
    best = int(probabilities.argmax())
    return CLASSES[best], float(probabilities[best])


def main() -> None:
    """Prints the most probable class of image files, and how probable it is."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("files", nargs="+", help="image files, such as photo.jpg")
    files = parser.parse_args().files
    network = load()
    for file in files:
        try:
            name, probability = classify(network, file)
        except ValueError as error:
            raise SystemExit(str(error)) from error
        print(f"{file}: {name} {probability:.4f}")


if __name__ == "__main__":
    main()
'''
