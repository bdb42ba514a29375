"""package.py: finds what a package must not be."""

import shutil
import subprocess
import unittest

import package
from testing import InFolder


class Ways(unittest.TestCase):
    def test_those_chosen_are_among_all(self):
        everything = list(package.all_ways())
        self.assertEqual(48, len(everything))
        self.assertLessEqual(set(package.CHOSEN), set(everything))

    def test_those_chosen_have_each_way_kind_compiler_and_edition(self):
        for k, all_of in enumerate((package.INSTALLED + package.PARTS, ("static", "shared"),
                                    package.COMPILERS, package.COMPILERS, package.EDITIONS)):
            self.assertEqual(set(all_of), {way[k] for way in package.CHOSEN})

    def test_each_has_a_folder_of_its_own(self):
        everything = list(package.all_ways())
        self.assertEqual(len(everything), len({way.name for way in everything}))


class Files(InFolder):
    def setUp(self):
        super().setUp()
        self.write("include/evolve/event_base.h", '#include <map>\n#include "evolve/what.h"\n')
        self.write("include/evolve/what.h")
        self.write("include/evolve/log.h")
        self.write("lib/pkgconfig/evolve.pc", "libdir=${pcfiledir}/..\n")

    def refused(self, words):
        with self.assertRaisesRegex(package.Failed, words):
            package.check_files(self.root)

    def test_what_programs_need_is_enough(self):
        package.check_files(self.root)

    def test_a_header_that_another_includes_must_not_be_missing(self):
        (self.root / "include/evolve/what.h").unlink()
        self.refused("evolve/what.h is not installed")

    def test_nor_one_of_those_for_programs(self):
        (self.root / "include/evolve/log.h").unlink()
        self.refused("evolve/log.h is not installed")

    def test_a_header_that_none_includes_must_not_be_there(self):
        self.write("include/evolve/epoll.h")
        self.refused("no program needs evolve/epoll.h")

    def test_a_prefix_of_the_time_of_building_is_found(self):
        self.write("lib/pkgconfig/evolve.pc", "prefix=/nowhere/at/all\n")
        self.refused("evolve.pc names a prefix")


GOOD = """namespace evolve {
struct event_base { void loop(); };
void event_base::loop() {}
struct event { void add(); };
void event::add() {}
void log() {}
}
"""


class Shared(InFolder):
    def setUp(self):
        super().setUp()
        self.write("stage/cmake/install.cmake", "set(version 4.5.6)\n")
        self.write("stage/evolve/event.h", "class event {};\n")
        self.write("stage/evolve/epoll.h", "class epoll {};\n")
        self.write("prefix/include/evolve/event.h", "class event {};\n")
        self.library = self.write("prefix/lib/libevolve.so")

    def check(self, source, soname="libevolve.so.4.5", flags=()):
        self.write("library.cpp", source)
        subprocess.run(["c++", "-shared", "-fPIC", *flags, f"-Wl,-soname,{soname}", self.root /
                        "library.cpp", "-o", self.library], check=True)
        package.check_shared(self.library, self.root / "stage")

    def test_one_that_shows_what_is_public_is_fine(self):
        self.check(GOOD)

    def test_its_name_must_have_the_version(self):
        with self.assertRaisesRegex(package.Failed, "not to be loaded as libevolve.so.4.5"):
            self.check(GOOD, "libevolve.so")

    def test_what_programs_call_must_be_shown(self):
        with self.assertRaisesRegex(package.Failed, "does not show evolve::event::add"):
            self.check(GOOD.replace("void event::add() {}", ""))

    def test_a_private_class_must_not_be_shown(self):
        with self.assertRaisesRegex(package.Failed, "shows evolve::epoll::wait.*private"):
            self.check(GOOD + "namespace evolve { struct epoll { void wait(); };\n"
                       "void epoll::wait() {} }\n")

    def test_nor_what_is_not_the_librarys(self):
        with self.assertRaisesRegex(package.Failed, "shows helper.*not evolve's"):
            self.check(GOOD + "void helper() {}\n")

    def test_its_calls_within_do_not_ask_the_loader(self):
        calls = GOOD + "namespace evolve { void twice() { log(); log(); } }\n"
        with self.assertRaisesRegex(package.Failed, "asks the loader for its own _ZN6evolve3logEv"):
            self.check(calls)
        self.check(calls, flags=("-Wl,-Bsymbolic-functions",))


class Part(InFolder):
    def check(self, part, installs=False, flags=""):
        self.write("CMakeLists.txt", "cmake_minimum_required(VERSION 3.25)\nproject(whole NONE)\n"
                   f"include(CTest)\n{part}\n")
        shutil.rmtree(self.root / "b", ignore_errors=True)
        package.configure(self.root, self.root / "b")
        self.write("b/compile_commands.json", f'"c++ {flags} -c main.cpp"')
        package.check_part(self.root / "b", installs)

    def refused(self, words, *args, **options):
        with self.assertRaisesRegex(package.Failed, words):
            self.check(*args, **options)

    def test_one_that_brings_nothing_along_is_fine(self):
        self.check("")

    def test_its_tests_are_not_the_wholes(self):
        self.refused("tests are among", "add_test(NAME one COMMAND true)")

    def test_it_is_installed_when_that_was_asked_for_and_not_else(self):
        installed = "install(FILES CMakeLists.txt DESTINATION share)"
        self.check(installed, installs=True)
        self.refused("the part is installed", installed)
        self.refused("is not installed", "", installs=True)

    def test_it_does_not_choose_how_the_whole_is_built(self):
        self.refused("build type", 'set(CMAKE_BUILD_TYPE Debug CACHE STRING "" FORCE)')
        self.refused("GoogleTest", 'set(GTest_DIR . CACHE STRING "")')
        for flag in "-Wshadow", "-O2", "-g":
            self.refused("flags", "", flags=flag)

    def test_it_has_no_samples(self):
        self.refused("brings along part_echo", "add_custom_target(part_echo)")


if __name__ == "__main__":
    unittest.main()
