"""Conan 2 recipe of evac: conan create packaging/conan [-o "evac/*:hash=own"]."""
import os
import re

from conan import ConanFile
from conan.tools.build import check_min_cppstd
from conan.tools.files import copy, load
from conan.tools.layout import basic_layout


class EvacConan(ConanFile):
    name = "evac"
    description = "Hash maps that never stop the world"
    license = "BSL-1.0"
    topics = ("hash-map", "concurrency", "header-only")
    package_type = "header-library"
    settings = "os", "arch", "compiler", "build_type"
    options = {"hash": ["absl", "own"]}
    default_options = {"hash": "absl"}
    no_copy_source = True

    @property
    def _root(self):
        return os.path.join(self.recipe_folder, "..", "..")

    def set_version(self):
        text = load(self, os.path.join(self._root, "include", "evac", "version.hpp"))
        self.version = ".".join(re.findall(r"#define EVAC_VERSION_[A-Z]+ (\d+)", text))

    def export_sources(self):
        for pattern in ("include/*", "LICENSE"):
            copy(self, pattern, self._root, self.export_sources_folder)

    def layout(self):
        basic_layout(self)

    def requirements(self):
        if self.options.hash == "absl":
            self.requires("abseil/[>=20230125.3]", transitive_headers=True, transitive_libs=True)

    def validate(self):
        if self.settings.get_safe("compiler.cppstd"):
            check_min_cppstd(self, 20)

    def package_id(self):
        # Headers only: the same for every compiler; the hash decides what they need.
        hash_option = str(self.info.options.hash)
        self.info.clear()
        self.info.options.hash = hash_option

    def package(self):
        copy(self, "LICENSE", self.export_sources_folder, os.path.join(self.package_folder, "licenses"))
        copy(self, "*", os.path.join(self.export_sources_folder, "include"),
             os.path.join(self.package_folder, "include"))

    def package_info(self):
        self.cpp_info.set_property("cmake_file_name", "evac")
        self.cpp_info.set_property("cmake_target_name", "evac::evac")
        self.cpp_info.set_property("pkg_config_name", "evac")
        self.cpp_info.bindirs = []
        self.cpp_info.libdirs = []
        if self.options.hash == "absl":
            self.cpp_info.requires = ["abseil::absl_hash", "abseil::absl_strings"]
        else:
            self.cpp_info.defines = ["EVAC_OWN_HASH=1"]
        if self.settings.os == "Linux":
            self.cpp_info.system_libs = ["pthread"]
