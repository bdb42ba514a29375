"""page.py: what a page says is what is run."""

import os
import unittest

import page
from testing import InFolder

PAGE = """# A page

## Install

```sh
echo library > installed
```

- a list

  ```sh
  exit 7
  ```

## Your program

`CMakeLists.txt`:

```cmake
one
```

```sh
cat CMakeLists.txt lines.cpp installed 2>&1 || true
```

Instead, `CMakeLists.txt`:

```cmake
two
```

```sh
cat CMakeLists.txt
```

`lines.cpp`:

```cpp
#include <string>
using std::string;
int main() { return string().size(); }
```

```cpp
string piece() { return "piece"; }
```

```cpp
string another() { return piece(); }
```
"""


class Blocks(unittest.TestCase):
    def test_each_has_its_place_its_heading_and_its_file(self):
        told = [(block.line, block.kind, block.heading, block.file) for block in page.blocks(PAGE)]
        self.assertEqual([(5, "sh", "Install", ""), (19, "cmake", "Your program", "CMakeLists.txt"),
                          (23, "sh", "Your program", ""),
                          (29, "cmake", "Your program", "CMakeLists.txt"),
                          (33, "sh", "Your program", ""), (39, "cpp", "Your program", "lines.cpp"),
                          (45, "cpp", "Your program", ""), (49, "cpp", "Your program", "")], told)

    def test_their_text_is_theirs_to_the_byte(self):
        self.assertEqual("echo library > installed\n", page.blocks(PAGE)[0].text)

    def test_one_without_an_end_is_named(self):
        with self.assertRaisesRegex(page.Broken, "line 2: this block has no end"):
            page.blocks("text\n```sh\nls\n")

    def test_a_page_without_the_program_is_refused(self):
        with self.assertRaisesRegex(page.Broken, "shows no `lines.cpp`:"):
            page.program(page.blocks("```cpp\nint i;\n```\n"))


class Commands(InFolder):
    def setUp(self):
        super().setUp()
        self.clone, self.folder = self.root / "clone", self.root / "folder"
        self.clone.mkdir()
        self.folder.mkdir()
        self.found = page.blocks(PAGE)

    def run_block(self, k, found=None):
        found = found or self.found
        return page.run_block(found, page.commands(found)[k], self.clone, self.folder, os.environ)

    def test_what_installs_is_run_in_a_clone(self):
        self.run_block(0)
        self.assertEqual("library\n", (self.clone / "installed").read_text())

    def test_other_commands_find_the_files_of_the_page(self):
        said = self.run_block(1)
        self.assertIn("one\n#include <string>\n", said)
        self.assertIn("installed: No such file", said)

    def test_a_file_that_is_shown_again_takes_the_place_of_the_first(self):
        self.assertIn("two\n", self.run_block(2))

    def test_a_command_that_fails_is_told_with_its_line_and_words(self):
        for wrong in ("echo so; false; true", "echo so; cat no_such_file", "echo so; $unset"):
            with self.assertRaisesRegex(page.Broken, "(?s)line 1: .*status .*so"):
                self.run_block(0, page.blocks(f"```sh\n{wrong}\n```\n"))


class Pieces(unittest.TestCase):
    def test_they_know_the_head_of_the_program_and_each_other(self):
        page.check_pieces(page.blocks(PAGE), "c++", [])

    def test_one_that_does_not_compile_is_told_with_its_line(self):
        wrong = page.blocks(PAGE.replace("return piece()", "return pieces()"))
        with self.assertRaisesRegex(page.Broken, "using-evolve.md:50:"):
            page.check_pieces(wrong, "c++", [])

    def test_what_only_the_options_forbid_is_told_too(self):
        wrong = page.blocks(PAGE.replace("return piece()", "int i; return piece()"))
        page.check_pieces(wrong, "c++", [])
        with self.assertRaisesRegex(page.Broken, "unused"):
            page.check_pieces(wrong, "c++", ["-Wall", "-Werror"])


if __name__ == "__main__":
    unittest.main()
