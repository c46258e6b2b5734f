// What a user's compiler says who includes the headers as his own and calls every verb: nothing.
#include "every_header.hpp"  // written by CMake: all that cmake/headers.cmake lists

// A user of his own warnings answers for his own code; this is not meant to be an example.
#include "every_verb.hpp"

int main() { return *every_verb::use_everything() == 0 ? 0 : 1; }
