"""The manifest that a run is given instead of parsing."""


def load_manifest(path, keep_graph):
    """Reads a manifest from dbt's own parse-cache format."""
    from dbt.contracts.graph.manifest import Manifest

    with open(path, "rb") as file:
        data = file.read()
    try:
        from dbt.parser.manifest import extended_mashumuro_decoder
    except ImportError:
        manifest = Manifest.from_msgpack(data)
    else:
        manifest = Manifest.from_msgpack(data, decoder=extended_mashumuro_decoder)
    if keep_graph:
        manifest.build_flat_graph()
    return manifest


def cut_manifest(manifest, cut):
    """Reduces a complete manifest to the nodes of a run, leaving its flat graph complete."""
    keep = set(cut["keep"])
    manifest.nodes = {i: n for i, n in manifest.nodes.items() if i in keep}
    manifest.unit_tests = {i: n for i, n in manifest.unit_tests.items() if i in keep}
    manifest.exposures = {}
    manifest.metrics = {}
    manifest.saved_queries = {}
    manifest.semantic_models = {}
    for unique_id, parents in cut["rewired"].items():
        node = manifest.nodes.get(unique_id)
        if node is not None and hasattr(node.depends_on, "nodes"):
            node.depends_on.nodes = parents
