"""`floe compile` of 10, 1,000 and 10,000 transforms, whole process, beside the Python prototype of floe."""

import subprocess

import product
from measure import LOG, PHASES, environment, median, peak_memory, split_of, summary, timed

SIZES = [10, 1_000, 10_000]
# Of the prototype's compile with DuckDB, measured once, by the number of transforms: taken where it is not installed.
PROTOTYPE_MS = {10: 2_400, 1_000: 2_800, 10_000: 8_300}
PROTOTYPE_MB = "130 to 180"
# How many times faster than the prototype, and the most memory of the host in MB.
AIMS = {1_000: 200, 10_000: 100}
AIM_MB = 25
# The prototype takes seconds.
PROTOTYPE_RUNS = 3


def measure(options):
    plain, traced = environment(), environment(**LOG)
    products = {size: product.make(options.work / f"scale-{size}", size, options.manifests)[0].parent for size in SIZES}
    command = [options.floe, "compile"]
    series = {size: [] for size in SIZES}
    memory = {size: [] for size in SIZES}
    stages = {size: {} for size in SIZES}
    for turn in range(1 + options.runs):
        for size, folder in products.items():
            spent, _ = timed(command, folder, plain)
            split = split_of(*timed(command, folder, traced))
            peak = peak_memory(command, folder, plain)
            # The first turn makes the folder, all others replace it.
            if turn > 0:
                series[size].append(spent)
                memory[size].append(peak)
                for name, value in split.items():
                    stages[size].setdefault(name, []).append(value)
    locked = with_a_lock(options, products) if knows_locks(options) else {}
    prototype, where = prototype_ms(options)
    result = {"prototype": where, "manifests": options.manifests, "sizes": {}}
    smallest = median(series[SIZES[0]])
    for size in SIZES:
        row = summary(series[size])
        row["prototype_ms"] = round(prototype[size], 1)
        row["times_faster"] = round(prototype[size] / row["median_ms"], 1)
        row["aim_times_faster"] = AIMS.get(size)
        row["peak_memory_mb"] = round(median(memory[size]), 1)
        row["us_per_transform"] = round((row["median_ms"] - smallest) * 1000 / size, 2) if size > SIZES[0] else None
        row["stages"] = {name: summary(values) for name, values in stages[size].items()}
        row["locked"] = locked.get(size)
        result["sizes"][str(size)] = row
    return result, []


def knows_locks(options):
    known = subprocess.run([options.floe, "plugin", "lock", "--help"], capture_output=True, check=False)
    return known.returncode == 0


def with_a_lock(options, products):
    """The same once the plugins are pinned: hashing them and their libraries stands apart."""
    found = {}
    for size, folder in products.items():
        timed([options.floe, "plugin", "lock"], folder, environment())
        whole, hashing = [], []
        for _ in range(options.runs):
            spent, done = timed([options.floe, "compile"], folder, environment(**LOG))
            whole.append(spent)
            hashing.append(split_of(spent, done).get(PHASES["hash"], 0.0))
        found[size] = {"whole": summary(whole), "hash": summary(hashing)}
    return found


def prototype_ms(options):
    if options.prototype is None:
        return PROTOTYPE_MS, f"figures of another machine, {PROTOTYPE_MB} MB"
    found = {}
    for size in SIZES:
        spec, manifest = product.make_for_prototype(options.work / f"prototype-{size}", size)
        command = [options.prototype, "platform", "compile", "--spec", spec, "--manifest", manifest]
        found[size] = median([timed(command, spec.parent, environment())[0] for _ in range(PROTOTYPE_RUNS)])
    return found, f"measured in this run, median of {PROTOTYPE_RUNS}"


def show(result):
    chain = "one manifest" if result["manifests"] == 1 else f"{result['manifests']} manifests"
    print(f"floe compile by number of transforms, below {chain}, whole process; the prototype: {result['prototype']}\n")
    columns = ["median ms", "slowest ms", "us/transform", "prototype ms", "times faster", "aim", "memory MB"]
    print(f"{'transforms':12}" + "".join(f"{column:>14}" for column in columns))
    for size, row in result["sizes"].items():
        per = "-" if row["us_per_transform"] is None else f"{row['us_per_transform']:.2f}"
        aim = row["aim_times_faster"] or "-"
        print(
            f"{int(size):<12,}{row['median_ms']:14.2f}{row['slowest_ms']:14.2f}{per:>14}{row['prototype_ms']:14.0f}"
            f"{row['times_faster']:14.1f}{aim:>14}{row['peak_memory_mb']:14.1f}"
        )
    print(f"\naim for the memory of the host, its workers apart: {AIM_MB} MB\n")
    for size, row in result["sizes"].items():
        if row["locked"]:
            whole, hashing = (row["locked"][key]["median_ms"] for key in ["whole", "hash"])
            print(f"with a lock, {int(size):,} transforms: {whole:.2f} ms, of which {hashing:.2f} are hashing")
    print("what it spends it on, median ms (measured with its log switched on)\n")
    names = list(dict.fromkeys(name for row in result["sizes"].values() for name in row["stages"]))
    order = [*PHASES.values()]
    names.sort(key=lambda name: order.index(name) if name in order else -1)
    print(f"{'':32}" + "".join(f"{int(size):>12,}" for size in result["sizes"]))
    for name in names:
        values = [row["stages"].get(name, {}).get("median_ms", 0.0) for row in result["sizes"].values()]
        print(f"  {name:30}" + "".join(f"{value:12.2f}" for value in values))
