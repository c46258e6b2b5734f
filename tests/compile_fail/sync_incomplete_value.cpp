// expect: evac: a sync_map of an incomplete type, like one that is a member of its own mapped type, must be told where
// its elements are: give it evac::storage::in_nodes
#include "evac/sync_map.hpp"

struct tree {
  evac::sync_map<int, tree> children;
};

int main() {
  tree root;
  return root.children.empty() ? 0 : 1;
}
