package fastmcp_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"
)

// TestEverythingExportedIsDocumented looks at every package that others can import. A comment at a group of constants
// or variables holds for all of it.
func TestEverythingExportedIsDocumented(t *testing.T) {
	packages := 0
	for _, dir := range publicFolders(t) {
		files := token.NewFileSet()
		parsed := parseFolder(t, files, dir)
		if len(parsed) == 0 || parsed[0].Name.Name == "main" {
			continue
		}
		packages++
		introduced := false
		for _, file := range parsed {
			introduced = introduced || file.Doc != nil
			for _, decl := range file.Decls {
				for _, name := range undocumented(files, decl) {
					t.Errorf("%s: %s.%s has no doc comment", files.Position(decl.Pos()), file.Name.Name, name)
				}
			}
		}
		if !introduced {
			t.Errorf("%s: the package has no doc comment", dir)
		}
	}
	if packages < 5 {
		t.Errorf("only %d packages were found", packages)
	}
}

// publicFolders are the folders of this module that others can import.
func publicFolders(t *testing.T) (all []string) {
	t.Helper()
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.IsDir() {
			return err
		}
		name := d.Name()
		if path != "." && (strings.HasPrefix(name, ".") || name == "internal" || name == "testdata" || name == "node_modules") {
			return filepath.SkipDir
		}
		if path != "." {
			if own, _ := filepath.Glob(filepath.Join(path, "go.mod")); len(own) > 0 {
				return filepath.SkipDir // a module of its own
			}
		}
		all = append(all, path)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func parseFolder(t *testing.T, files *token.FileSet, dir string) (all []*ast.File) {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range paths {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(files, path, nil, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, file)
	}
	return all
}

// undocumented names what is exported by a declaration and not explained.
func undocumented(files *token.FileSet, decl ast.Decl) (names []string) {
	switch d := decl.(type) {
	case *ast.FuncDecl:
		owner := receiverName(d)
		if d.Doc == nil && d.Name.IsExported() && (owner == "" || ast.IsExported(owner)) {
			names = append(names, strings.TrimPrefix(owner+"."+d.Name.Name, "."))
		}
	case *ast.GenDecl:
		for _, spec := range d.Specs {
			switch s := spec.(type) {
			case *ast.ValueSpec:
				if d.Doc != nil || s.Doc != nil || s.Comment != nil {
					continue
				}
				for _, name := range s.Names {
					if name.IsExported() {
						names = append(names, name.Name)
					}
				}
			case *ast.TypeSpec:
				if !s.Name.IsExported() {
					continue
				}
				if d.Doc == nil && s.Doc == nil && s.Comment == nil {
					names = append(names, s.Name.Name)
				}
				names = append(names, undocumentedMembers(files, s)...)
			}
		}
	}
	return names
}

// receiverName is the name of a method's type; "" for a function.
func receiverName(d *ast.FuncDecl) string {
	if d.Recv == nil {
		return ""
	}
	expr := d.Recv.List[0].Type
	for {
		switch x := expr.(type) {
		case *ast.StarExpr:
			expr = x.X
		case *ast.IndexExpr:
			expr = x.X
		case *ast.IndexListExpr:
			expr = x.X
		case *ast.Ident:
			return x.Name
		default:
			return "?"
		}
	}
}

// undocumentedMembers names the fields of a struct, or the methods of an interface, that nothing explains. A comment
// holds for the lines below it, too, up to the next empty one; where no member has a comment, that of the type is enough.
func undocumentedMembers(files *token.FileSet, s *ast.TypeSpec) (names []string) {
	var members *ast.FieldList
	switch x := s.Type.(type) {
	case *ast.StructType:
		members = x.Fields
	case *ast.InterfaceType:
		members = x.Methods
	default:
		return nil
	}
	commented, covered, line := false, false, 0
	for _, f := range members.List {
		if f.Doc != nil || f.Comment != nil {
			commented, covered = true, true
		} else if files.Position(f.Pos()).Line > line+1 {
			covered = false
		}
		line = files.Position(f.End()).Line
		for _, name := range f.Names {
			if name.IsExported() && !covered {
				names = append(names, s.Name.Name+"."+name.Name)
			}
		}
	}
	if !commented {
		return nil
	}
	return names
}
