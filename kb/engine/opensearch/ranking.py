"""Pages → documents, in the cluster: scripts that gather each document's best pages, and how their answers are put together.

A document counts by its best page and a share of the next best, which no query of the cluster can say; so a script looks at each
matching page once. It keeps of each document the best two scores and the number of pages, counts facets when it meets the
document first, and each shard sends its best documents alone. All pages of a document are on one shard.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from kb.engine import Request
from kb.tuning import Tuning

JSON = dict[str, Any]

_INIT = """
state.documents = new HashMap();
state.last = new double[] {0, 0, 0, 0, 0, -1};
state.top = new double[] {0, params.apart.size()};
int size = params.filter_of.size();
state.filter_of = new int[size];
state.met = new int[size];
state.counts = new int[size];
for (int i = 0; i < size; i++) {
  state.filter_of[i] = (int) params.filter_of[i];
  state.met[i] = (int) params.met[i];
}
"""
# Of a document: best score, next best, pages, day or given place, filters that it lacks (a bit each), its number.
# Types are named, and what stands beside each other is looked up once: this is done for each page that matches.
_MAP = """
double score = _score;
double[] top = (double[]) state.top;
if (score > top[0]) { top[0] = score; }
long ord = doc['ord'].value;
double[] own = (double[]) state.last;
if (own[5] != ord) {
  HashMap documents = (HashMap) state.documents;
  own = (double[]) documents.get(ord);
  if (own == null) {
    int[] met = (int[]) state.met;
    int[] filterOf = (int[]) state.filter_of;
    int[] counts = (int[]) state.counts;
    int lacking = (int) params.all;
    def values = doc['values'];
    int many = values.size();
    for (int i = 0; i < many; i++) { lacking &= ~met[(int) (long) values.get(i)]; }
    for (int i = 0; i < many; i++) {
      int value = (int) (long) values.get(i);
      if (lacking == 0 || lacking == filterOf[value]) { counts[value]++; }
    }
    double key = 0;
    if (params.key == 'newest') { key = -doc['day'].value; }
    else if (params.key == 'oldest') { key = doc['day'].value == 0 ? 1.0e9 : doc['day'].value; }
    else if (params.key == 'order') { key = params.order.getOrDefault(doc['document'].value, params.order.size()); }
    own = new double[] {0, 0, 0, key, lacking, ord};
    documents.put(ord, own);
  }
  state.last = own;
}
own[2]++;
if (score > own[1] && (top[1] == 0 || !params.apart.containsKey(doc['number'].value + '#' + doc['document'].value))) {
  if (score > own[0]) { own[1] = own[0]; own[0] = score; } else { own[1] = score; }
}
"""
# Few documents are better than the worst of the best so far, so few are put among them.
_COMBINE = """
int most = (int) params.most;
double share = params.share;
long documents = 0;
long pages = 0;
PriorityQueue queue = new PriorityQueue((a, b) -> {
  double[] one = (double[]) a;
  double[] other = (double[]) b;
  if (one[1] != other[1]) { return one[1] < other[1] ? 1 : -1; }
  if (one[2] != other[2]) { return one[2] < other[2] ? -1 : 1; }
  return one[0] < other[0] ? 1 : (one[0] > other[0] ? -1 : 0);
});
double[] worst = null;
for (def each : ((HashMap) state.documents).values()) {
  double[] own = (double[]) each;
  if (own[4] != 0) { continue; }
  documents++;
  pages += (long) own[2];
  if (most == 0) { continue; }
  double rank = own[0] + share * own[1];
  if (worst != null && (own[3] > worst[1] || (own[3] == worst[1] && rank < worst[2]))) { continue; }
  queue.add(new double[] {own[5], own[3], rank, own[0], own[1], own[2]});
  if (queue.size() > most) { queue.poll(); }
  if (queue.size() == most) { worst = (double[]) queue.peek(); }
}
def best = new ArrayList();
for (def each : queue) {
  double[] found = (double[]) each;
  def row = new ArrayList();
  for (int i = 0; i < 6; i++) { row.add(found[i]); }
  best.add(row);
}
def counts = new ArrayList();
int[] counted = (int[]) state.counts;
for (int i = 0; i < counted.length; i++) { counts.add(counted[i]); }
double[] top = (double[]) state.top;
return ['documents': documents, 'pages': pages, 'top': top[0], 'counts': counts, 'best': best];
"""
_REDUCE = "def all = new ArrayList(); for (s in states) { if (s != null) { all.add(s); } } return all;"


class Ranked(NamedTuple):
    """A document by its ``ord``: what it is ordered by before its rank, its two best scores, how many of its pages match."""

    ord: int
    key: float
    rank: float
    best: float
    second: float
    pages: int

    @property
    def order(self) -> tuple[float, float, int]:
        """Documents stand in this order."""
        return self.key, -self.rank, self.ord


@dataclass(frozen=True, slots=True, kw_only=True)
class Gathered:
    """What the shards found together: totals, the best score of all pages, counts by number of value, the best documents."""

    documents: int = 0
    pages: int = 0
    top: float = 0.0
    counts: Sequence[int] = ()
    best: list[Ranked] = field(default_factory=list)


def gathering(
    request: Request, tuning: Tuning, values: Sequence[tuple[str, str]], most: int, apart: Sequence[str] = ()
) -> JSON:
    """The aggregation that gathers documents, and gives the first ``most``; pages ``apart`` count, but not their scores."""
    filters = {name: wanted for name, wanted in request.filters.items() if wanted}
    bits = {name: 1 << at for at, name in enumerate(filters)}
    met = [bits[name] if name in filters and value in filters[name] else 0 for name, value in values]
    params = {
        "filter_of": [bits.get(name, 0) for name, _ in values],
        "met": met,
        "all": (1 << len(filters)) - 1,
        "most": most,
        "share": float(tuning.second_page),
        "key": "order" if request.order else request.sort,
        "order": {id: place for place, id in enumerate(request.order)},
        "apart": dict.fromkeys(apart, True),
    }
    scripts = {"init_script": _INIT, "map_script": _MAP, "combine_script": _COMBINE, "reduce_script": _REDUCE}
    return {"gathered": {"scripted_metric": {**scripts, "params": params}}}


def gathered(answer: JSON) -> Gathered:
    """What the aggregation says."""
    found = answer["aggregations"]["gathered"]["value"]
    counts = [sum(column) for column in zip(*(each["counts"] for each in found), strict=True)]
    best = [
        Ranked(int(ord), key, rank, best, second, int(pages))
        for each in found
        for ord, key, rank, best, second, pages in each["best"]
    ]
    return Gathered(
        documents=sum(each["documents"] for each in found),
        pages=sum(each["pages"] for each in found),
        top=max((each["top"] for each in found), default=0.0),
        counts=counts,
        best=sorted(best, key=lambda own: own.order),
    )


def facets_of(
    counts: Sequence[int], values: Sequence[tuple[str, str]], wanted: Sequence[str]
) -> dict[str, Mapping[str, int]]:
    """Counts by facet and value."""
    found: dict[str, dict[str, int]] = {name: {} for name in wanted}
    for (name, value), count in zip(values, counts, strict=False):
        if count and name in found:
            found[name][value] = count
    return dict(found)
