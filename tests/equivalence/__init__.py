"""Stock dbt against ours: the same random subsets of random projects must have the same effect.

``generate`` makes a project and cases, ``run_stock`` and ``run_ours`` run a case, each against a fresh
copy of the same database, and ``compare`` says where the two differ. ``warm`` is a process that has
imported dbt and forks for each run, in whichever dbt is tested.

What counts as the same:

*   every node's end: its status, its number of failures, its message;
*   the nodes that dbt reports at all, and whether the command succeeded;
*   the text of each file under ``target/compiled`` and ``target/run``;
*   the database afterwards: relations, columns, rows;
*   the order: a node starts after the end of each selected ancestor, through nodes not selected, and
    after the selected tests below. Where nodes run in turn, the sequence itself must be equal, as
    dbt's queue is then a function of the graph.

What stock dbt waits for (``Linker.add_test_edges`` and ``Graph.get_subset_graph``): ``dbt build`` adds
an edge from *every* test, selected or not, to each node whose ancestors include all parents of the
test, and then takes the nodes that are not selected out of the graph, joining what was before them to
what was after. Two things follow.

*   A test that isn't selected adds nothing: what comes before it are its parents, and they are
    ancestors of the waiting node anyway. So only the edges of selected tests count.
*   The parents of the test, and the nodes that the edges lead to, need not be selected. Given
    ``a -> b -> c`` and the selection of ``c`` and a test of ``b``, ``c`` waits for the test and is
    skipped when it fails. Given ``a -> b`` and the selection of a test of each, the test of ``b`` waits
    for the test of ``a``, through ``b``, and is skipped when that fails.

We take what stock dbt does as right in both: whoever selects less than all must not get data past a
test that dbt would have held back.
"""
