#nullable enable
using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Xml.Linq;
using Microsoft.Build.Framework;
using Microsoft.Build.Utilities;

namespace Packaging;

/// <summary>
/// Removes from a documentation file what the lists of the public API do not name. src/Directory.Build.targets has MSBuild compile this file, against
/// .NET Standard 2.0. A member is known by its full name and the number of its parameters.
/// </summary>
public sealed class KeepPublicDocumentation : Task
{
    private static readonly string[] Modifiers = ["~", "abstract ", "const ", "override ", "readonly ", "static ", "virtual "];
    private static readonly string[] Accessors = [".get", ".set", ".init", ".add", ".remove"];

    [Required]
    public string DocumentationFile { get; set; } = string.Empty;

    [Required]
    public string[] PublicApiFiles { get; set; } = [];

    public override bool Execute()
    {
        var known = new HashSet<string>(PublicApiFiles.SelectMany(File.ReadLines).Where(line => line.Length > 0 && line[0] != '#').Select(KeyOfApi));
        var document = XDocument.Load(DocumentationFile, LoadOptions.PreserveWhitespace);
        var hidden = document.Descendants("member").Where(member => !known.Contains(KeyOfDocumentation(member.Attribute("name")!.Value))).ToList();
        foreach (var member in hidden)
        {
            (member.PreviousNode as XText)?.Remove();
            member.Remove();
        }

        if (hidden.Count > 0)
        {
            document.Save(DocumentationFile, SaveOptions.DisableFormatting);
        }

        return true;
    }

    /// <summary>"static Utp.Transport.A.B(int c) -> void" becomes "Utp.Transport.A.B/1".</summary>
    private static string KeyOfApi(string line)
    {
        while (Modifiers.FirstOrDefault(modifier => line.StartsWith(modifier, StringComparison.Ordinal)) is { } modifier)
        {
            line = line.Substring(modifier.Length);
        }

        var declaration = Before(line, " -> ");
        var name = Before(Before(Before(declaration, "("), "<"), " = ");
        if (Accessors.FirstOrDefault(end => name.EndsWith(end, StringComparison.Ordinal)) is { } accessor)
        {
            name = name.Substring(0, name.Length - accessor.Length);
        }
        else if (name.Contains("operator "))
        {
            name = NameOfOperator(Before(Before(Before(name, "operator "), "implicit "), "explicit "));
        }
        else if (declaration.Contains("(") && IsConstructor(name.Split('.')))
        {
            name = name.Substring(0, name.LastIndexOf('.')) + ".#ctor";
        }

        return name + "/" + ParametersOf(declaration);
    }

    /// <summary>"M:Utp.Transport.A.B(System.Int32)" becomes "Utp.Transport.A.B/1".</summary>
    private static string KeyOfDocumentation(string id)
    {
        var name = Before(Before(id.Substring(2), "("), "`");
        return (name.Contains(".op_") ? NameOfOperator(Before(name, "op_")) : name) + "/" + ParametersOf(id);
    }

    /// <summary>A constructor has the name of its type.</summary>
    private static bool IsConstructor(string[] parts) => parts.Length > 1 && parts[parts.Length - 1] == parts[parts.Length - 2];

    /// <summary>One name for all operators of a type.</summary>
    private static string NameOfOperator(string typeAndDot) => typeAndDot + "#operator";

    private static string Before(string text, string end)
    {
        var index = text.IndexOf(end, StringComparison.Ordinal);
        return index < 0 ? text : text.Substring(0, index);
    }

    /// <summary>The number of parameters in parentheses. A comma inside further brackets separates none.</summary>
    private static int ParametersOf(string declaration)
    {
        var begin = declaration.IndexOf('(');
        if (begin < 0 || declaration[begin + 1] == ')')
        {
            return 0;
        }

        var depth = 0;
        var count = 1;
        foreach (var c in declaration.Substring(begin))
        {
            depth += "([{<".IndexOf(c) >= 0 ? 1 : ")]}>".IndexOf(c) >= 0 ? -1 : 0;
            count += c == ',' && depth == 1 ? 1 : 0;
        }

        return count;
    }
}
