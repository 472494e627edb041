using Utp.PackageCheck;

if (args is not [var folder, var root])
{
    Console.Error.WriteLine("Usage: Utp.PackageCheck FOLDER ROOT: checks the packages in FOLDER, which were built from the sources in ROOT.");
    return 2;
}

string[] names = ["Utp.Protocol", "Utp.Transport", "Utp.Transport.AspNetCore", "Utp.Tool"];
var packages = Array.ConvertAll(names, name => Package.Open(folder, name));
var libraries = Array.FindAll(packages, package => package.Id != "Utp.Tool");
var tool = packages[^1];

var results = new List<bool>
{
    Report("package-page", "README, icon, licence", packages.SelectMany(Contents.PageErrors)),
    Report("package-dependencies", "exactly this version of each other, Microsoft's from 10.0.0", libraries.SelectMany(Contents.DependencyErrors)),
    Report("package-paths", "no folder of this machine in packages and symbols", packages.SelectMany(package => Contents.PathErrors(package, root))),
    Report("package-symbols", "of each assembly, reproducible", libraries.SelectMany(Contents.SymbolErrors)),
    Report("package-documentation", "every public member and no other", Documentation.Errors(libraries)),
    Report("package-size", $"the tool has {tool.Bytes / 1024} KiB", Contents.SizeErrors(tool)),
};
return results.TrueForAll(passed => passed) ? 0 : 1;

static bool Report(string name, string claim, IEnumerable<string> errors)
{
    const int MaxErrors = 10;
    var all = errors.Distinct().ToList();
    var more = all.Count > MaxErrors ? $" | and {all.Count - MaxErrors} more" : string.Empty;
    Console.WriteLine(all.Count == 0 ? $"PASS {name}: {claim}" : $"FAIL {name}: {string.Join(" | ", all.Take(MaxErrors))}{more}");
    return all.Count == 0;
}
