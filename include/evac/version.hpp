// Version of the library; CMake reads it from here.
#ifndef EVAC_VERSION_HPP
#define EVAC_VERSION_HPP

#define EVAC_VERSION_MAJOR 0
#define EVAC_VERSION_MINOR 1
#define EVAC_VERSION_PATCH 0

#endif
