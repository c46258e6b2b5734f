// Warnings in a program that includes the headers as its own and calls every verb: there are none.
#include "every_header.hpp"  // written by CMake: all that cmake/headers.cmake lists

// Users answer for warnings in their own code; this is not meant to be an example.
#include "every_verb.hpp"

int main() { return *every_verb::use_everything() == 0 ? 0 : 1; }
