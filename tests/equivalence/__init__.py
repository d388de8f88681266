"""Compares our runs with stock dbt: the same random subsets of random projects must have the same effect.

``generate`` creates a project and ``cases`` its cases, ``run_stock`` and ``run_ours`` run a case, each on
a fresh copy of the same database, and ``compare`` lists the differences. ``warm`` is a process that has
imported the dbt under test and forks for each run.

These must be the same:

*   the end of every node: its status, its number of failures, its message;
*   the set of nodes that dbt reports, and whether the command succeeded;
*   the text of each file under ``target/compiled`` and ``target/run``;
*   the database afterwards: relations, columns, rows;
*   the order: a node starts after the end of each selected ancestor, also through unselected nodes, and
    after the selected tests described below. If nodes run in turn, the exact sequence must be equal,
    since dbt's queue is then a function of the graph.

The order in stock dbt (``Linker.add_test_edges`` and ``Graph.get_subset_graph``): ``dbt build`` adds
an edge from *every* test, selected or not, to each node whose ancestors include all parents of the
test. Then it removes unselected nodes from the graph and connects their predecessors to their
successors. This has two consequences.

*   An unselected test has no effect: its predecessors are its parents, which are ancestors of the
    waiting node anyway. So only the edges of selected tests count.
*   The parents of the test, and the nodes that the edges lead to, need not be selected. Given
    ``a -> b -> c``, if ``c`` and a test of ``b`` are selected, ``c`` waits for the test and is skipped
    if it fails. Given ``a -> b``, if a test of each is selected, the test of ``b`` waits for the test
    of ``a``, through ``b``, and is skipped if that fails.

Stock dbt's behaviour is taken as correct in both cases: a run of a subset must not let data past a
failing test if dbt would have stopped it.
"""
